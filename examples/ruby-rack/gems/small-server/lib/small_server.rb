require "socket"
require "stringio"

# Serves a Rack app over HTTP/1.0. It is small enough to read; an app that matters uses puma.
class SmallServer
  LONGEST_HEAD = 16 * 1024

  # The app that a config.ru runs.
  def self.read(file)
    builder = Class.new do
      attr_reader :app

      def run(app) = @app = app
    end.new
    builder.instance_eval(File.read(file), file)
    builder.app
  end

  def initialize(app, port)
    @app = app
    @server = TCPServer.new("0.0.0.0", port)
    @port = port
  end

  def run
    %w[TERM INT].each { |signal| trap(signal) { @server.close } }
    $stdout.sync = true
    puts "small-server listens on #{@port}"
    threads = []
    loop do
      client = @server.accept
      threads = threads.select(&:alive?) << Thread.new { serve(client) }
    end
  rescue IOError, Errno::EBADF
    threads.each { |thread| thread.join(20) }
    puts "small-server stops in good order"
  end

  private

  def serve(client)
    head = client.gets("\r\n\r\n", LONGEST_HEAD)
    method, target = head.to_s.lines.first.to_s.split
    return if target.nil?

    path, query = target.split("?", 2)
    env = { "REQUEST_METHOD" => method, "PATH_INFO" => path, "QUERY_STRING" => query.to_s,
            "rack.url_scheme" => "http", "rack.input" => StringIO.new, "rack.errors" => $stderr }
    status, headers, body = @app.call(env)
    client.write("HTTP/1.0 #{status}\r\n", *headers.map { |name, value| "#{name}: #{value}\r\n" }, "\r\n")
    body.each { |part| client.write(part) }
  ensure
    client.close
  end
end
