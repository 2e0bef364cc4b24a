import { isIP } from "node:net";

/** Commands that make keys and certificates that are taken, with OpenSSL 1.1 and 3. */

const names = (address: string): string => `subjectAltName=${isIP(address) ? "IP" : "DNS"}:${address}`;

/** Another key, and a request for its certificate. */
export const anotherKey = (address: string): string =>
  `\`openssl req -new -newkey rsa:3072 -sha256 -nodes -keyout KEY -out REQUEST -subj /CN=${address} -addext ${names(address)}\``;

export const anotherAuthority = (): string =>
  "`openssl req -x509 -newkey rsa:3072 -sha256 -days 3650 -keyout CAKEY -out CA -subj /CN=NAME`";

/** What the authority makes of a request, whatever the request says itself. */
const signed = (extension: string): string =>
  `\`echo ${extension} > EXTENSIONS; openssl x509 -req -sha256 -in REQUEST -CA CA -CAkey CAKEY -CAcreateserial -extfile EXTENSIONS -days 365 -out CERTIFICATE\``;

export const signing = (address = "ADDRESS"): string => signed(names(address));
export const signingAuthority = (): string => signed("basicConstraints=critical,CA:TRUE");
