import type { Owner } from "../recipe/claims";

/** What a resource does, on plain JSON values: one set of methods per resource type, which the front ends call. They say too which resource it is: `owner`. */
export interface Operations<Inputs, Outputs> {
  /** Refuses bad input, naming the property, and fills in every default. Touches nothing. */
  check(
    olds: unknown,
    news: Record<string, unknown>,
    owner?: Owner,
  ): Promise<{ inputs: Inputs; failures: CheckFailure[] }>;
  /** Compares what was last seen on the servers with what is wanted. */
  diff(id: string, olds: Outputs, news: Inputs, owner?: Owner): Promise<Difference>;
  /** Makes the object. Throws `Unfinished` when it is there in part. */
  create(inputs: Inputs, owner?: Owner): Promise<{ id: string; outs: Outputs }>;
  /** Answers what is on the servers now. An empty object: the resource is gone. */
  read(id: string, props: Outputs): Promise<{ id: string; props: Outputs; inputs: Inputs } | Record<string, never>>;
  update(id: string, olds: Outputs, news: Inputs, owner?: Owner): Promise<{ outs: Outputs }>;
  delete(id: string, props: Outputs, owner?: Owner): Promise<void>;
}

export interface CheckFailure {
  property: string;
  reason: string;
}

export interface Difference {
  changes: boolean;
  replaces: string[];
  deleteBeforeReplace: boolean;
}
