/** What arguments look like from outside: which names there are, and which of them have no default. */

export type Shape = ValueShape | ListShape | ObjectShape | KindsShape;

interface Plain {
  /** True: the program has to know it before anything is made, so no output will do. */
  readonly plain?: boolean;
}

/** Something without parts; or an object whose parts are looked at elsewhere. */
export interface ValueShape extends Plain {
  readonly is: "value";
  /** @default what its resource says: that is looked at with its value */
  readonly type?: "object" | "resource";
}

export interface ListShape extends Plain {
  readonly is: "list";
  readonly of: Shape;
  /** How many there have to be. @default any number */
  readonly count?: number;
}

export interface ObjectShape<P extends Shapes = Shapes> extends Plain {
  readonly is: "object";
  readonly properties: P;
  /** The properties without a default. */
  readonly needs: readonly string[];
}

/** One of several objects, told apart by their `kind`. */
export interface KindsShape extends Plain {
  readonly is: "kinds";
  readonly kinds: Readonly<Record<string, ObjectShape>>;
}

export type Shapes = Readonly<Record<string, Shape>>;

export const value: ValueShape = { is: "value" };

export const list = (of: Shape): ListShape => ({ is: "list", of });

export const object = <P extends Shapes>(properties: P, needs: readonly (keyof P & string)[]): ObjectShape<P> => ({
  is: "object",
  properties,
  needs,
});

export const kinds = (of: Readonly<Record<string, ObjectShape>>): KindsShape => ({ is: "kinds", kinds: of });

export const plain = <S extends Shape>(shape: S): S => ({ ...shape, plain: true });
