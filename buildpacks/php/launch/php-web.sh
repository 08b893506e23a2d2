#!/usr/bin/env bash
# Serves a PHP app: PHP-FPM behind Apache or nginx, on $PORT. Both end together, and what they write goes to stderr.
#   heroku-php-apache2 | heroku-php-nginx  [-C <web server settings>] [-F <FPM settings>] [-i <php.ini>] [-p <port>] [-v] [<document root>]
set -u
server=$1
shift
layer=$(cd "$(dirname "$0")/.." && pwd)
port=${PORT:-8080} more_web='' more_fpm='' verbose=''
usage() {
  echo "Usage: heroku-php-$server [-C <settings>] [-F <FPM settings>] [-i <php.ini>] [-p <port>] [-v] [<document root>]" >&2
  exit 2
}
while getopts ':C:F:i:p:vh' option; do
  case $option in
  C) more_web=$OPTARG ;;
  F) more_fpm=$OPTARG ;;
  i) export PHPRC=$OPTARG ;;
  p) port=$OPTARG ;;
  v) verbose=yes ;;
  *)
    [ "$option" = h ] || echo "Not supported: -$OPTARG" >&2
    usage
    ;;
  esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || usage
[ "$(id -u)" != 0 ] || { echo "This does not run as root, and dynos do not." >&2 && exit 2; }
case $port in '' | *[!0-9]*) echo "The port is no number: $port" >&2 && exit 2 ;; esac
root=${1:-.}
for file in "$more_web" "$more_fpm" ${PHPRC:+"$PHPRC"}; do
  [ -z "$file" ] || [ -e "$file" ] || { echo "There is no $file." >&2 && exit 2; }
done
[ -d "$root" ] || { echo "There is no folder $root, which is named as the document root." >&2 && exit 2; }
root=$(cd "$root" && pwd -P)
[ -z "$more_web" ] || more_web=$(cd "$(dirname "$more_web")" && pwd -P)/$(basename "$more_web")
[ -z "$more_fpm" ] || more_fpm=$(cd "$(dirname "$more_fpm")" && pwd -P)/$(basename "$more_fpm")
children=${WEB_CONCURRENCY:-4}
case $children in '' | 0 | *[!0-9]*) children=4 ;; esac

run=$(mktemp -d "${TMPDIR:-/tmp}/php-web.XXXXXX") || exit 1
mkfifo "$run/log" && mkdir "$run/temp" || exit 1
cat <"$run/log" >&2 &
reader=$!
exec 9>"$run/log"

cat >"$run/fpm.conf" <<SETTINGS
[global]
daemonize = no
error_log = $run/log
log_level = $([ -n "$verbose" ] && echo notice || echo warning)
[www]
listen = $run/fpm.sock
pm = ondemand
pm.max_children = $children
pm.process_idle_timeout = 60s
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
${more_fpm:+include = $more_fpm}
SETTINGS

front=''
[ -f "$root/index.php" ] && front=yes
if [ "$server" = nginx ]; then
  cat >"$run/web.conf" <<SETTINGS
daemon off;
worker_processes 2;
pid $run/web.pid;
error_log $run/log warn;
events { worker_connections 1024; }
http {
  include $layer/etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  server_tokens off;
  sendfile on;
  keepalive_timeout 75s;
  client_max_body_size 16m;
  client_body_temp_path $run/temp/body;
  fastcgi_temp_path $run/temp/fastcgi;
  proxy_temp_path $run/temp/proxy;
  scgi_temp_path $run/temp/scgi;
  uwsgi_temp_path $run/temp/uwsgi;
  gzip on;
  gzip_types text/css text/plain application/javascript application/json image/svg+xml;
  map \$http_x_forwarded_proto \$of_https { default ''; https on; }
  server {
    listen $port;
    root "$root";
    index index.php index.html;
    port_in_redirect off;
    absolute_redirect off;
    location ~ (?:^|/)\.(?!well-known/) { return 404; }
    location ~ ^/(?:composer\.(?:json|lock)|Procfile|project\.toml|Aptfile)\$ { return 404; }
    ${more_web:+include "$more_web";}
    $([ -n "$more_web" ] || [ -z "$front" ] || echo "location / { try_files \$uri \$uri/ /index.php\$is_args\$args; }")
    location ~ \.php(?:/|\$) {
      fastcgi_split_path_info ^(.+?\.php)(/.*)?\$;
      # try_files forgets it.
      set \$path_info \$fastcgi_path_info;
      try_files \$fastcgi_script_name =404;
      fastcgi_pass unix:$run/fpm.sock;
      fastcgi_buffers 16 16k;
      fastcgi_buffer_size 32k;
      include $layer/etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
      fastcgi_param PATH_INFO \$path_info;
      fastcgi_param HTTPS \$of_https if_not_empty;
      fastcgi_param HTTP_PROXY '';
    }
  }
}
SETTINGS
  web=("$layer/usr/sbin/nginx" -p "$run" -c "$run/web.conf" -e "$run/log")
  quit=QUIT
else
  {
    for module in mpm_event authz_core authz_host access_compat alias dir env mime rewrite headers setenvif expires \
      filter deflate reqtimeout proxy proxy_fcgi; do
      file=$layer/usr/lib/apache2/modules/mod_$module.so
      [ ! -f "$file" ] || echo "LoadModule ${module}_module $file"
    done
    cat <<SETTINGS
ServerRoot "$run"
ServerName localhost
Listen $port
PidFile "$run/web.pid"
DefaultRuntimeDir "$run"
Mutex file:$run
ErrorLog "$run/log"
LogLevel warn
ErrorLogFormat "%M"
ServerTokens Prod
TraceEnable Off
StartServers 1
ServerLimit 4
ThreadsPerChild 25
MaxRequestWorkers 100
GracefulShutdownTimeout 25
TypesConfig $([ -f /etc/mime.types ] && echo /etc/mime.types || echo /dev/null)
AddType text/css .css
AddType text/javascript .js .mjs
AddType image/svg+xml .svg
DocumentRoot "$root"
DirectoryIndex index.php index.html
SetEnvIf X-Forwarded-Proto "^https\$" HTTPS=on
RequestHeader unset Proxy early
AddOutputFilterByType DEFLATE text/html text/css text/plain text/javascript application/javascript application/json image/svg+xml
<Directory />
  AllowOverride None
  Require all denied
</Directory>
<Directory "$root">
  AllowOverride All
  Options FollowSymLinks
  Require all granted
  $([ -z "$front" ] || [ -f "$root/.htaccess" ] || [ -n "$more_web" ] || echo "FallbackResource /index.php")
</Directory>
<LocationMatch "(?:^|/)\.(?!well-known/)">
  Require all denied
</LocationMatch>
<FilesMatch "^(?:composer\.(?:json|lock)|Procfile|project\.toml|Aptfile|\.ht.*)\$">
  Require all denied
</FilesMatch>
<FilesMatch "\.php\$">
  <If "-f %{REQUEST_FILENAME}">
    SetHandler "proxy:unix:$run/fpm.sock|fcgi://localhost"
  </If>
</FilesMatch>
<Proxy "fcgi://localhost">
  ProxySet timeout=60
</Proxy>
${more_web:+Include "$more_web"}
SETTINGS
  } >"$run/web.conf"
  web=("$layer/usr/sbin/apache2" -d "$run" -f "$run/web.conf" -D FOREGROUND)
  quit=WINCH
fi

"$layer/bin/php-fpm" --nodaemonize --fpm-config "$run/fpm.conf" ${PHPRC:+-c "$PHPRC"} 9>&- &
fpm=$!
alive() { kill -0 "$1" 2>/dev/null; }
until [ -S "$run/fpm.sock" ] || ! alive "$fpm"; do sleep 0.02; done
"${web[@]}" 9>&- &
front_end=$!
asked=''
trap 'asked=yes' TERM INT
echo "$server and PHP-FPM with at most $children workers serve $root on port $port" >&2
while [ -z "$asked" ] && alive "$fpm" && alive "$front_end"; do
  sleep 1 9>&- &
  wait $!
done
trap '' TERM INT
# Requests under way are answered first.
ended=$front_end
alive "$fpm" || ended=$fpm
kill -"$quit" "$front_end" 2>/dev/null
wait "$front_end"
status=$?
kill -QUIT "$fpm" 2>/dev/null
wait "$fpm"
[ "$ended" = "$front_end" ] || status=$?
exec 9>&-
wait "$reader"
rm -rf "$run"
[ -n "$asked" ] && exit 0
[ "$status" != 0 ] || status=1
exit "$status"
