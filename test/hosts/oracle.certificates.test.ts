import { readFileSync } from "node:fs";
import * as path from "node:path";
import { tlsProblems, tlsTexts } from "../../provider/src/recipe/tls";
import { type CertificateCase, certificateCases } from "../support/certificateCases";
import { madeOf, textsOf } from "../support/certificateTexts";
import { ContainerHost } from "../support/hosts/containerHost";
import { OLDEST_AND_NEWEST } from "../support/hosts/dockerEngine";
import { TestNetwork } from "../support/hosts/testNetwork";
import { oracleTest } from "../support/oracle";

/** As in `contract`, with the OpenSSL of other Debians, on both ends. */

jest.setTimeout(60_000);

const inBase64 = (text: string): string => Buffer.from(text).toString("base64");
const [CA, NODE] = ["/etc/mysql/ca.pem", "/etc/mysql/node.pem"];

/**
 * What is refused since another Debian's OpenSSL refuses it. OpenSSL 1.1 does not look at certificates that belong to no chain; those that follow
 * refuse the whole file for a weak one. From 3.2 on it offers brainpool's curves, which the others, GnuTLS and Java do not.
 */
const isTakenByIt = (suite: string, { order, leaf }: CertificateCase): boolean =>
  (suite === "bullseye" && order === "with a weak stranger") || (suite === "trixie" && leaf?.key === "brainpool");

describe.each(OLDEST_AND_NEWEST)("on Debian's %s with MariaDB %s", (suite) => {
  let network: TestNetwork;
  let machine: ContainerHost;

  beforeAll(async () => {
    network = await TestNetwork.create();
    const { ca, certificate } = tlsTexts(madeOf({}, "db1.example.org"));
    const options = `[mariadbd]\nssl_ca=${CA}\nssl_cert=${NODE}\nssl_key=${NODE}\n`;
    const client = readFileSync(path.join(__dirname, "../support/hosts/verifyingClient.py"), "utf8");
    const files = {
      "/client.py": client,
      [CA]: ca,
      [NODE]: certificate,
      "/etc/mysql/mariadb.conf.d/zz-tls.cnf": options,
    };
    machine = await ContainerHost.start(network, { suite, files });
  });
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
  });

  async function judged(cases: readonly CertificateCase[]): Promise<string[]> {
    const given = cases.map(({ address, ...spec }) => {
      const { ca, certificate } = textsOf(madeOf(spec, address));
      return { address, ca: inBase64(ca), certificate: inBase64(certificate) };
    });
    const command = ["python3", "/client.py", CA, NODE, "/run/mysqld/mysqld.sock"];
    return (await machine.exec(command, { input: JSON.stringify(given) })).trim().split("\n");
  }

  oracleTest<CertificateCase, string>("what check takes comes into effect, and what it refuses does not", {
    cases: certificateCases.filter((one) => !isTakenByIt(suite, one)),
    inTest: 60,
    oracle: judged,
    async ours({ address, ...spec }) {
      return (await tlsProblems(madeOf(spec, address), address)).length === 0 ? "in" : "out";
    },
  });
});
