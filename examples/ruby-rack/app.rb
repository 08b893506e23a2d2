# A Rack app: an object with `call`, which takes a request and gives status, headers and body.
class App
  def call(env)
    case env["PATH_INFO"]
    when "/" then text(200, "Hello from Ruby, release #{ENV.fetch("HEROKU_RELEASE_VERSION", "v0")}\n")
    when "/ruby" then text(200, "#{RUBY_VERSION} in #{ENV.fetch("RACK_ENV", "nothing")}\n")
    else text(404, "There is nothing at #{env["PATH_INFO"]}\n")
    end
  end

  private

  def text(status, body)
    [status, { "content-type" => "text/plain; charset=utf-8" }, [body]]
  end
end
