import type { ContainerHost } from "./containerHost";

/** Packages that make a MariaDB server, without what its clients have too. */
const PACKAGES = "mariadb-server mariadb-server-core";

/**
 * Takes the server off a machine. What apt-get has there afterwards is a repository in a folder of the machine, in which lie the very
 * packages that were taken off, made again from their files: no network is needed.
 */
export async function takeServerOff(host: ContainerHost): Promise<void> {
  await host.sh(`
mkdir /repository
cd /repository
for p in $(dpkg-query -f '\${Package}\\n' -W ${PACKAGES.split(" ")
    .map((name) => `'${name}*'`)
    .join(" ")} | sort -u); do
  dpkg-query -s $p 2>/dev/null | grep -q '^Status: install ok installed' || continue
  mkdir -p $p/DEBIAN
  dpkg-query -s $p | sed '/^Status:/d; /^Conffiles:/,/^[^ ]/{/^Conffiles:/d; /^ /d}' >$p/DEBIAN/control
  for f in preinst postinst prerm postrm conffiles templates config triggers; do
    if [ -e /var/lib/dpkg/info/$p.$f ]; then cp -p /var/lib/dpkg/info/$p.$f $p/DEBIAN/$f; fi
  done
  dpkg -L $p | while read -r f; do if [ -e "$f" ] && [ ! -d "$f" ]; then echo "$f"; fi; done | tar -cPT - | tar -xC $p
  dpkg-deb -Znone --build $p $p.deb >/dev/null
  rm -r $p
  { dpkg-deb -f $p.deb; echo "Filename: ./$p.deb"; echo "Size: $(stat -c %s $p.deb)"; echo "SHA256: $(sha256sum $p.deb | cut -d' ' -f1)"; echo; } >>Packages
  taken="$taken $p"
done
service mariadb stop >/dev/null 2>&1 </dev/null || true
DEBIAN_FRONTEND=noninteractive apt-get -qy purge $taken >/dev/null 2>&1
rm -rf /var/lib/mysql /etc/apt/sources.list.d /etc/mysql/mariadb.conf.d/99*
echo 'deb [trusted=yes] file:/repository ./' >/etc/apt/sources.list`);
}
