Gem::Specification.new do |spec|
  spec.name = "small-server"
  spec.version = "1.0.0"
  spec.summary = "Serves a config.ru, one thread a request."
  spec.authors = ["Conifer"]
  spec.license = "Apache-2.0"
  spec.files = ["lib/small_server.rb"]
  spec.bindir = "exe"
  spec.executables = ["small-server"]
end
