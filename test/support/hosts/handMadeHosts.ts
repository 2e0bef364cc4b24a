import { until } from "../../../provider/src/waiting";
import { DATABASE_AND_ACCOUNTS, optionFile, START_REPLICATION, setMaster } from "../recipeText";
import type { ContainerHost } from "./containerHost";

/**
 * Sets the pair up on two machines as the vendor's page says, its option file as /etc/my.cnf. What Debian's own file says otherwise and
 * reads later is commented out: with it no peer gets in, as everyone who set up such a pair has found out.
 *
 * @param more further lines in Debian's own file
 */
export async function setUpByHand(
  hosts: readonly [ContainerHost, ContainerHost],
  more: readonly string[] = [],
): Promise<void> {
  await Promise.all(
    hosts.map(async (host, index) => {
      await host.sql(DATABASE_AND_ACCOUNTS);
      await host.exec(["tee", "/etc/my.cnf"], { input: optionFile(index === 0 ? 1 : 2) });
      await host.sh("sed -i 's/^bind-address/#&/; s/^expire_logs_days/#&/' /etc/mysql/mariadb.conf.d/50-server.cnf");
      const lines = ["[mysqld]", ...more, ""].join("\n");
      await host.exec(["tee", "-a", "/etc/mysql/mariadb.conf.d/50-server.cnf"], { input: lines });
      await host.sh("service mariadb restart >/dev/null 2>&1 </dev/null");
    }),
  );
  const [one, two] = hosts;
  await one.sql(setMaster(two.address));
  await two.sql(setMaster(one.address));
  for (const host of hosts) await host.sql(START_REPLICATION);
  for (const host of hosts) {
    await until({ what: `${host.name} to replicate`, deadline: 30_000 }, async () => {
      const seen = `${await host.sql("SHOW STATUS LIKE 'Slave_running'")} ${await clients(host)}`;
      return /ON .*\t1$/.test(seen) ? { done: undefined } : { seen };
    });
  }
}

const clients = (host: ContainerHost): Promise<string> => host.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'");
