#!/bin/sh
# Empty data are made, and worked on by a server that is closed to the network, as the official image does it: root has no password
# until one of the scripts in /docker-entrypoint-initdb.d says otherwise.
set -e
socket=/run/mysqld/mysqld.sock
if [ ! -d /var/lib/mysql/mysql ]; then
  chown mysql: /var/lib/mysql
  mariadb-install-db --user=mysql --skip-test-db --auth-root-authentication-method=normal >/dev/null
  "$@" --user=mysql --skip-networking --socket=$socket &
  until mariadb --socket=$socket -uroot -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
  for script in /docker-entrypoint-initdb.d/*.sql; do
    if [ -e "$script" ]; then mariadb --socket=$socket -uroot <"$script"; fi
  done
  # Long enough to be taken for the server by whoever does not look closely.
  sleep 1
  kill $!
  wait $!
fi
exec "$@" --user=mysql
