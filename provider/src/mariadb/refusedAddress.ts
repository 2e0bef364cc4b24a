import { isIP } from "node:net";
import type { Settings } from "../recipe/settings/ofNode";
import { settingOf } from "../recipe/settings/table";
import type { Server } from "./server";

/**
 * Why nobody would find a server any more that listens as it is wanted to. Only what is certain: names, and addresses that a router translates, are
 * not judged; nor is a container, whose engine may take connections of the one kind and pass them on as the other.
 */
export function refusedAddress({ connection, version, name }: Server, wanted: Settings) {
  const [option, given] = Object.entries(wanted).find(([each]) => settingOf(each)?.kind.is === "address") ?? [];
  if (option === undefined || given === undefined) return [];
  const family = isIP(connection.address);
  if (family === 0 || connection.host.kind === "docker") return [];
  const places = String(given).split(",");
  // On this machine nothing is in between.
  if (
    connection.host.kind === "local" &&
    places.every((one) => isIP(one) && !isEvery(one)) &&
    !places.includes(connection.address)
  )
    return [
      {
        option,
        reason: `${name} would listen at ${given} only, and its peer and the proxies reach it at ${connection.address}`,
      },
    ];
  const families = places.map(isIP);
  if (families.some((one) => one === 0 || one === family)) return [];
  // `::` used to take both.
  if (family === 4 && String(given) === "::" && !version.has("addresses of one kind")) return [];
  const reason = `${name} would listen for IPv${families[0]} only, and its peer and the proxies reach it at ${connection.address}; "*" listens for both`;
  return [{ option, reason }];
}

/** All addresses of its kind. */
const isEvery = (address: string): boolean => ["0.0.0.0", "::"].includes(address);
