import { withoutStatements } from "../hosts/serverText";
import type { Owner } from "../recipe/claims";
import type { Operation } from "../recipe/record";
import { firstLine, inOperation } from "../record/recorder";
import type { Operations } from "./contract";

/** The same operations; the record says of each change of which one it is a part. Those that only look leave nothing there. */
export function recordedOperations<Inputs, Outputs>(
  { check, diff, create, read, update, delete: remove }: Operations<Inputs, Outputs>,
  idOf: (inputs: Inputs) => string,
): Operations<Inputs, Outputs> {
  const change = <T>(operation: Operation["operation"], id: string, owner: Owner | undefined, work: () => Promise<T>) =>
    inOperation({ operation, id, ...owner }, work, ({ message }) => withoutStatements(firstLine(message)));
  return {
    check,
    diff,
    create: (inputs, owner) => change("create", idOf(inputs), owner, () => create(inputs, owner)),
    read,
    update: (id, olds, news, owner) => change("update", id, owner, () => update(id, olds, news, owner)),
    delete: (id, props, owner) => change("delete", id, owner, () => remove(id, props, owner)),
  };
}
