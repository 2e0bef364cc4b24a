#!/bin/sh
# Empty data are made, and worked on by a server that is closed to the network, as the official image does it: by the user mysql, with a
# root@localhost that has no password until one of the scripts in /docker-entrypoint-initdb.d says otherwise.
set -e
socket=/run/mysqld/mysqld.sock
as_mysql="setpriv --reuid=mysql --regid=mysql --clear-groups"
chown -R mysql: /var/lib/mysql
if [ ! -d /var/lib/mysql/mysql ]; then
  : "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:?must be set: the image knows no other way}"
  $as_mysql mariadb-install-db --skip-test-db --skip-log-bin --auth-root-authentication-method=normal >/dev/null
  $as_mysql "$@" --skip-networking --socket=$socket &
  until $as_mysql mariadb --socket=$socket -uroot -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
  for script in /docker-entrypoint-initdb.d/*.sql; do
    if [ -e "$script" ]; then $as_mysql mariadb --socket=$socket -uroot <"$script"; fi
  done
  # Long enough to be taken for the server by whoever does not look closely.
  sleep 1
  kill $!
  wait $!
fi
exec $as_mysql "$@"
