import { create, type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";

/** What holds for every message of a test, and for those within. */
export interface Promises {
  isSet(field: DescField): boolean;
  isWritten(message: ReflectMessage): boolean;
}

/** What no message can be written without. */
const REQUIRED: Promises = { isSet: ({ presence }) => presence === 3 /* LEGACY_REQUIRED */, isWritten: () => true };

/** Random messages of a type, with every kind of field, that ProtoJSON can write and read back. */
export function arbitraryMessage<Desc extends DescMessage>(
  desc: Desc,
  depth = 3,
  promises: Promises = REQUIRED,
): fc.Arbitrary<MessageShape<Desc>> {
  const wellKnown = WELL_KNOWN[desc.typeName];
  if (wellKnown !== undefined) {
    return wellKnown.map((init) => create(desc, init as never)); // of the type's own fields
  }
  const values = desc.fields.map((field) => {
    const value = arbitraryField(field, depth, promises);
    return promises.isSet(field) ? value : fc.option(value, { nil: undefined });
  });
  return fc
    .tuple(...values)
    .map((drawn) => {
      const message = create(desc);
      const reflected = reflect(desc, message);
      // Of a oneof the last member that was drawn stays.
      for (const set of drawn) {
        set?.(reflected);
      }
      return { message, reflected };
    })
    .filter(
      ({ reflected }) =>
        promises.isWritten(reflected) && desc.fields.every((f) => !promises.isSet(f) || reflected.isSet(f)),
    )
    .map(({ message }) => message);
}

type Setter = (message: ReflectMessage) => void;

function arbitraryField(field: DescField, depth: number, promises: Promises): fc.Arbitrary<Setter | undefined> {
  if (depth <= 0 && field.message !== undefined && !promises.isSet(field)) {
    return fc.constant(undefined);
  }
  switch (field.fieldKind) {
    case "scalar":
      return arbitraryScalar(field.scalar).map((value) => (m) => m.set(field, value));
    case "enum":
      return fc.constantFrom(...field.enum.values.map((v) => v.number)).map((value) => (m) => m.set(field, value));
    case "message":
      return arbitraryMessage(field.message, depth - 1, promises).map(
        (value) => (m) => m.set(field, reflect(field.message, value)),
      );
    case "list":
      return fc.array(arbitraryItem(field, depth, promises), { maxLength: 3 }).map((items) => (m) => {
        for (const item of items) {
          m.get(field).add(item);
        }
      });
    case "map":
      return fc
        .array(fc.tuple(arbitraryScalar(field.mapKey), arbitraryItem(field, depth, promises)), { maxLength: 3 })
        .map((entries) => (m) => {
          for (const [key, value] of entries) {
            m.get(field).set(key, value);
          }
        });
  }
}

function arbitraryItem(
  field: DescField & { fieldKind: "list" | "map" },
  depth: number,
  promises: Promises,
): fc.Arbitrary<unknown> {
  const { message, enum: enumeration, scalar } = field;
  if (message !== undefined) {
    return arbitraryMessage(message, depth - 1, promises).map((value) => reflect(message, value));
  }
  if (enumeration !== undefined) {
    return fc.constantFrom(...enumeration.values.map((v) => v.number));
  }
  return arbitraryScalar(scalar ?? ScalarType.STRING);
}

function arbitraryScalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return fc.oneof(
        fc.string({ unit: "grapheme", maxLength: 8 }),
        fc.stringMatching(/^[a-z/%?&=#.+ :{}[\]\\"]{0,8}$/),
      );
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 6 });
    case ScalarType.DOUBLE:
      return fc.double().filter((value) => !Object.is(value, -0)); // JSON.stringify writes 0
    case ScalarType.FLOAT:
      return fc.float().filter((value) => !Object.is(value, -0));
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.nat(2 ** 32 - 1);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.bigInt(0n, 2n ** 64n - 1n);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
    default:
      return fc.integer();
  }
}

const seconds = (min: number, max: number) => fc.integer({ min, max }).map(BigInt);
const nanos = fc.nat(999_999_999);

/** Types whose ProtoJSON is a form of its own: values that this form has. */
const WELL_KNOWN: Record<string, fc.Arbitrary<object>> = {
  "google.protobuf.Timestamp": fc.record({ seconds: seconds(-62135596800, 253402300799), nanos }),
  "google.protobuf.Duration": fc.record({ seconds: seconds(0, 315576000000), nanos }),
  "google.protobuf.FieldMask": fc.record({
    paths: fc.array(fc.stringMatching(/^[a-z]{1,5}(_[a-z]{1,4}){0,2}$/), { maxLength: 3 }),
  }),
  "google.protobuf.Any": fc.constant({}),
  "google.api.HttpBody": fc.record({
    contentType: fc.constantFrom("image/png", "text/plain; charset=utf-8", "application/json"),
    data: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  }),
  "google.protobuf.Struct": fc.record({
    fields: fc.dictionary(
      fc.string({ maxLength: 4 }),
      fc.string({ maxLength: 4 }).map((value) => ({ kind: { case: "stringValue", value } })),
    ),
  }),
  "google.protobuf.Value": fc.oneof(
    fc.boolean().map((value) => ({ kind: { case: "boolValue", value } })),
    fc.integer().map((value) => ({ kind: { case: "numberValue", value } })),
    fc.string().map((value) => ({ kind: { case: "stringValue", value } })),
  ),
  "google.protobuf.ListValue": fc.record({
    values: fc.array(
      fc.integer().map((value) => ({ kind: { case: "numberValue", value } })),
      { maxLength: 3 },
    ),
  }),
};
