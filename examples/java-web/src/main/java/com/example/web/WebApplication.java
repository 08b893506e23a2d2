package com.example.web;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class WebApplication {
  private final String release;

  WebApplication(@Value("${HEROKU_RELEASE_VERSION:unknown}") String release) {
    this.release = release;
  }

  @GetMapping("/")
  String hello() {
    return "Hello from Spring Boot, release " + release + "\n";
  }

  /** Megabytes that the heap may have, which follow from the dyno's memory. */
  @GetMapping("/heap")
  long heap() {
    return Runtime.getRuntime().maxMemory() / 1048576;
  }

  public static void main(String[] args) {
    SpringApplication.run(WebApplication.class, args);
  }
}
