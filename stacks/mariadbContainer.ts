/** What a container of the official `mariadb` image gets so that it can be a node of the pair. None of it is a secret. */

/** Where the image keeps what a volume has to keep. */
export const DATA_DIRECTORY = "/var/lib/mysql";
export const CONFIG_DIRECTORY = "/etc/mysql/conf.d";

/**
 * No password of root exists at any time: the image makes root@localhost without one while its server is closed to the network, and
 * `ROOT_BY_SOCKET` then lets in the operating system's root only, through the socket, which is how the pair's admin account is made. There is
 * no root from elsewhere. MariaDB's own tables follow the image, when that is a newer one.
 */
export const ENVIRONMENT = [
  "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1",
  "MARIADB_ROOT_HOST=localhost",
  "MARIADB_AUTO_UPGRADE=1",
];

/** The last of the image's scripts for empty data: the image, which is the user mysql by then, can't log in as root after it. */
export const ROOT_BY_SOCKET = {
  file: "/docker-entrypoint-initdb.d/zz-root-by-socket.sql",
  content: "SET SESSION sql_log_bin=0;\nALTER USER root@localhost IDENTIFIED VIA unix_socket;\n",
};

/** Made in a container when it has become healthy for the first time. */
export const JOINED = "/run/session-store-joined";

/**
 * Healthy is a server that takes connections; and, of one that replicates, which has once caught up with its peer since its container was
 * made. So whoever waits for a container that took another's place does not take away the peer's before. Later the peer may be away.
 */
export const HEALTHCHECK = `
ask() { mariadb --user=root --protocol=socket --batch "$@"; }
[ "$(ask --skip-column-names --execute='SELECT @@skip_networking')" = 0 ] || exit 1
[ ! -e ${JOINED} ] || exit 0
status=$(ask --vertical --execute='SHOW SLAVE STATUS') || exit 1
for word in '' 'Slave_IO_Running: Yes' 'Waiting for master to send event' 'Slave has read all relay log' 'Seconds_Behind_Master: 0'; do
  case $status in ''|*"$word"*) ;; *) echo "it has not caught up with its peer: no '$word'"; exit 1;; esac
done
touch ${JOINED}
`;
