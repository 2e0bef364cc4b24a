import type { ContainerHost } from "./containerHost";

/** The unit as Red Hat's package has it, in short. */
const UNIT = `[Unit]
Description=MariaDB database server
[Service]
Type=notify
User=mysql
Group=mysql
ExecStart=/usr/libexec/mariadbd --basedir=/usr
KillSignal=SIGTERM
[Install]
WantedBy=multi-user.target
`;

const FILES = {
  "/etc/my.cnf": "[client-server]\n\n!includedir /etc/my.cnf.d\n",
  "/etc/my.cnf.d/client.cnf": "[client]\nsocket=/var/lib/mysql/mysql.sock\n",
  "/etc/my.cnf.d/mariadb-server.cnf": `[server]
[mysqld]
datadir=/var/lib/mysql
socket=/var/lib/mysql/mysql.sock
log-error=/var/log/mariadb/mariadb.log
pid-file=/run/mariadb/mariadb.pid
`,
  "/etc/systemd/system/mariadb.service": UNIT,
};

/**
 * Lays a machine with systemd out as Red Hat's packages do: option files, socket, log, the program's folder, the unit, bash as sh. An imitation: the
 * programs are still Debian's.
 */
export async function layOutAsRedHat(host: ContainerHost): Promise<void> {
  await host.sh(`systemctl disable --now mariadb.socket; systemctl stop mariadb
    rm -r /etc/mysql
    mkdir -p /etc/my.cnf.d /var/log/mariadb /run/mariadb /usr/libexec
    chown mysql: /var/log/mariadb /run/mariadb
    mv /usr/sbin/mariadbd /usr/libexec/
    ln -sf bash /bin/sh`);
  for (const [file, text] of Object.entries(FILES)) await host.exec(["tee", file], { input: text });
  await host.sh("systemctl daemon-reload; systemctl start mariadb");
}
