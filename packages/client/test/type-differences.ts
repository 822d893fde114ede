/** Members of a union whose `type` may be `Type`. */
type OfType<Union, Type> = Union extends { type?: infer Own } ? (Type extends Own ? Union : never) : never

/** Pairs the members of two unions by the `type` names of theirs: ours first, theirs second. */
export type ByType<Ours extends { type?: unknown }, Theirs extends { type?: unknown }> = {
  [Type in Theirs['type'] & string]: [OfType<Ours, Type>, OfType<Theirs, Type>]
}

/**
 * How two shapes differ, field by field; a difference within a field's own shape is one of the field.
 *
 * `missing`: they have the field, we do not. `added`: we have it, they do not.
 * `wider`: ours allows values that theirs does not. `narrower`: theirs allows values that ours does not.
 */
type FieldDifferences<Ours, Theirs> =
  | `${Exclude<keyof Theirs, keyof Ours> & string} missing`
  | `${Exclude<keyof Ours, keyof Theirs> & string} added`
  | {
      [Field in keyof Ours & keyof Theirs & string]:
        | (Pick<Ours, Field> extends Pick<Theirs, Field> ? never : `${Field} wider`)
        | (Pick<Theirs, Field> extends Pick<Ours, Field> ? never : `${Field} narrower`)
    }[keyof Ours & keyof Theirs & string]

/** Every difference that occurs in some pair, as `field kind`. */
export type DifferencesAnywhere<Pairs> = {
  [Name in keyof Pairs]: Pairs[Name] extends [infer Ours, infer Theirs]
    ? FieldDifferences<Ours, Theirs>
    : never
}[keyof Pairs]

/** The differences of all pairs, as `name.field kind`, without those in `Everywhere` (as `field kind`). */
export type Differences<Pairs, Everywhere extends string = never> = {
  [Name in keyof Pairs & string]: Pairs[Name] extends [infer Ours, infer Theirs]
    ? `${Name}.${Exclude<FieldDifferences<Ours, Theirs>, Everywhere>}`
    : never
}[keyof Pairs & string]

/** `true` when the first fits where the second is asked for, both taken whole. */
export type Fits<From, To> = [From] extends [To] ? true : false

/** `true` when both are the same set of names. */
export type SameNames<A extends string, B extends string> = [A, B] extends [B, A] ? true : false
