// @ts-check
/** What was measured over SSH, as text, and whether the targets are met. */
import { HOST_STEPS } from "./hostRound.mjs";
import { targetTable } from "./report.mjs";
import { machineTable, median, spread, table } from "./tables.mjs";

/** @typedef {import("./hostRound.mjs").HostRound} HostRound */
/** @typedef {typeof HOST_STEPS[number]} Step */
/** @typedef {{ machine: Record<string, string | number>, rounds: HostRound[] }} HostResults */

const LABELS = /** @type {const} */ ({
  floor: "engine's floor",
  ours: "this library",
  script: "bash and mariadb over ssh",
  ansible: "Ansible",
});
/** @typedef {keyof typeof LABELS} Who */
const WHO = /** @type {Who[]} */ (Object.keys(LABELS));

/** @param {HostResults} results @returns {import("./report.mjs").Target[]} */
export function hostTargetsOf({ rounds }) {
  const seconds = (/** @type {Who} */ who, /** @type {Step} */ step) =>
    median(rounds.flatMap((round) => round[who]?.[step].seconds ?? []));
  const beyond = (/** @type {Step} */ step) => seconds("ours", step) - seconds("floor", step);
  const faster = HOST_STEPS.filter(() => rounds.some(({ ansible }) => ansible)).map((step) => ({
    target: `${step}: the whole command, against Ansible's`,
    limit: seconds("ansible", step),
    measured: seconds("ours", step),
    unit: "s",
  }));
  return [
    {
      target: "first `up` above the floor's, against 1.3 times the script",
      limit: 1.3 * seconds("script", "first up"),
      measured: beyond("first up"),
      unit: "s",
    },
    { target: "no-op `preview` above the floor's", limit: 0.6, measured: beyond("no-op"), unit: "s" },
    ...faster,
    {
      target: "SSH handshakes per host and run, counted at the sshd",
      limit: 1,
      measured: Math.max(...rounds.flatMap(({ handshakes }) => handshakes)),
      unit: "",
    },
  ];
}

/** @param {HostResults} results @returns {string} Markdown */
export function hostReport(results) {
  const { rounds, machine } = results;
  const rows = HOST_STEPS.flatMap((step) =>
    WHO.flatMap((who) => {
      const runs = rounds.flatMap((round) => round[who]?.[step] ?? []);
      const of = (/** @type {(number | undefined)[]} */ values, digits = 0) =>
        spread(
          values.flatMap((value) => value ?? []),
          digits,
        );
      if (runs.length === 0) return [];
      return [
        [
          step,
          LABELS[who],
          of(
            runs.map(({ seconds }) => seconds),
            2,
          ),
          of(runs.map(({ tree }) => tree)),
          of(runs.map(({ plugin }) => plugin)),
        ],
      ];
    }),
  );
  return `## Over SSH

${rounds.length} ${rounds.length === 1 ? "run" : "runs"}, each on two new hosts of its own, the contenders in turns. Median (least to most).

${table(["what", "who", "seconds", "all processes, MB", "plugin process, MB"], rows)}

${targetTable(hostTargetsOf(results))}

- Hosts: two containers on this machine with Debian's MariaDB, sshd and init script; its server runs and holds nothing. The restart that each first
  bring-up has in it takes Debian's init script about 2.2 s.
- no-op: \`preview\`; the script's check of both nodes; a second run of the playbook. The drift is a privilege taken from the replication account: \`up
  --skip-preview\`; the script once more; the playbook once more.
- The script: one multiplexed connection to each host, both hosts side by side. Ansible: community.mysql, pipelining on, facts off, both hosts side by side, guards
  that keep a second run from changing anything. Each begins without a connection.
- Each pair was proved by the same check: every setting, account, grant and link of the recipe on both nodes, and a row crossed both ways.

${machineTable(machine)}
`;
}
