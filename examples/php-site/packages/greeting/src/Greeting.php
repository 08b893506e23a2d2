<?php

namespace Greeting;

/** Says hello to whoever is named, in capitals when asked. */
final class Greeting
{
    public function __construct(private readonly string $name)
    {
    }

    public function text(bool $loud = false): string
    {
        $text = "Hello from {$this->name}";
        return $loud ? mb_strtoupper($text) : $text;
    }
}
