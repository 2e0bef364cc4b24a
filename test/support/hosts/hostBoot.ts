/** What a machine of the tests does when it boots. */

export const SSH_LOG = "/var/log/sshd.log";
/** Made at each boot once the init script has ended, even if it failed because somebody else was starting the server. */
export const STARTED = "/run/mariadb-started";

/** The user who logs in, with his key. Can be run again. */
export const setUp = (user: string): string => `
id ${user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash ${user}
home=$(getent passwd ${user} | cut -d: -f6)
install -d -m 700 -o ${user} $home/.ssh
install -m 600 -o ${user} /authorized_keys $home/.ssh/authorized_keys
`;

/** The first process of a machine without systemd, and all that it starts. */
export const boot = (user: string, withServer: boolean): string => `${setUp(user)}
mkdir -p /run/sshd
rm -f ${STARTED}
${withServer ? `(service mariadb start; touch ${STARTED}) >/dev/null 2>&1 </dev/null &` : ""}
exec /usr/sbin/sshd -D -E ${SSH_LOG}
`;

/** How a container has to be started so that systemd can be its first process. */
export const SYSTEMD = {
  Cmd: ["/sbin/init"],
  Env: ["container=docker"],
  HostConfig: {
    CapAdd: ["SYS_ADMIN"],
    SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
    Tmpfs: { "/run": "exec", "/run/lock": "", "/tmp": "exec" },
    CgroupnsMode: "host",
  },
  Binds: ["/sys/fs/cgroup:/sys/fs/cgroup:rw"],
} as const;
