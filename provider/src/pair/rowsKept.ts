import { replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { unwantedSettings } from "../mariadb/settings";
import { SOURCE_FILTERS, settingOf } from "../recipe/settings/table";
import type { Ends } from "./ends";

/** What keeps rows of a source from its replica, though their GTIDs arrive: filters that are not the pair's, and options that are not the link's. */
export async function rowsKept({ replica, source }: Ends): Promise<string[]> {
  const status = await replicaStatus(replica);
  return [
    ...(await filtersOf(source, (option) => option in SOURCE_FILTERS)),
    ...(await filtersOf(replica, (option) => !(option in SOURCE_FILTERS))),
    ...(status?.otherOptions ?? []).map((option) => `${replica.name} has ${option}`),
  ];
}

async function filtersOf(server: Server, concerns: (option: string) => boolean): Promise<string[]> {
  return Object.entries(await unwantedSettings(server))
    .filter(([option]) => settingOf(option)?.isFilter && concerns(option))
    .map(([option, value]) => `${server.name} has ${option}=${value}`);
}
