// @ts-check
/** What was measured over SSH, as text, and whether the targets are met. */
import { HOST_STEPS } from "./hostRound.mjs";
import { cells, MEASURED, targetTable } from "./report.mjs";
import { median, table } from "./tables.mjs";

/** @typedef {import("./hostRound.mjs").HostRound} HostRound */
/** @typedef {typeof HOST_STEPS[number]} Step */
/** @typedef {{ runtime: string, versions: Record<string, string>, rounds: HostRound[] }} HostResults */

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
  // Both were measured one after the other: the machine's moods of that minute are in both.
  const beyond = (/** @type {Step} */ step) =>
    median(rounds.flatMap(({ ours, floor }) => (ours && floor ? ours[step].seconds - floor[step].seconds : [])));
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
  const { rounds, runtime } = results;
  const rows = HOST_STEPS.flatMap((step) =>
    WHO.flatMap((who) => {
      const runs = rounds.flatMap((round) => round[who]?.[step] ?? []);
      return runs.length === 0 ? [] : [[step, LABELS[who], ...cells(runs)]];
    }),
  );
  return `## Over SSH, ${runtime}

The pair on two hosts. ${rounds.length} ${rounds.length === 1 ? "run" : "runs"}, each on two new hosts for each contender, these in turns. Median (least–most).

${table(["what", "who", ...MEASURED], rows)}

${targetTable(hostTargetsOf(results))}

- Hosts: two containers on this machine with Debian's MariaDB, sshd and init script; their servers run and hold nothing. CPU and memory of the
  hosts are not counted. Every first bring-up restarts both servers; Debian's init script takes about 2.2 s for that.
- What is done: first up: \`up --skip-preview\`; the script; the playbook. no-op: \`preview\`, which looks at everything the library keeps; the
  script's check of both nodes, the same that proves the pairs; the playbook once more, which looks at what its tasks keep. The drift is a
  privilege taken from the replication account; it is put back by \`up --skip-preview\`, and by the script and the playbook once more.
- Script and playbook work on both hosts side by side, over one multiplexed connection to each, and begin without one. The playbook uses
  community.mysql with pipelining, gathers no facts, and has guards that keep a second run from changing anything.
- Each pair was proved by the same check: every setting, account, grant and link of the recipe on both nodes, and a row crossed both ways.`;
}
