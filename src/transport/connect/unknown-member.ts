/** Finds what a message's description does not know in JSON: members, and names of enum values. */

import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { hint } from '../../reading/nearest.ts';
import { type Place, pathOf } from '../../reading/place.ts';

/** The first member or enum name that is not known, with its place and the nearest right name. */
export function unknownMember(desc: DescMessage, json: unknown): string | undefined {
  return inMessage(desc, json, []);
}

function inMessage(desc: DescMessage, json: unknown, place: Place): string | undefined {
  // Those of google.protobuf (Struct, Timestamp, …) have a JSON form of their own.
  if (!isObject(json) || desc.typeName.startsWith('google.protobuf.')) return undefined;
  for (const [name, value] of Object.entries(json)) {
    const inside = [...place, name];
    const field = desc.fields.find(each => each.name === name || each.jsonName === name);
    if (field === undefined) {
      const known = desc.fields.map(each => (name.includes('_') ? each.name : each.jsonName));
      return `${pathOf(inside)}: is not a member of ${desc.typeName}${hint(name, known)}`;
    }
    const found = inField(field, value, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inField(field: DescField, json: unknown, place: Place): string | undefined {
  if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    const entries = Array.isArray(json) ? [...json.entries()] : Object.entries(objectOf(json));
    for (const [at, value] of entries) {
      const found = inValue(field, value, [...place, at]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return inValue(field, json, place);
}

function inValue(field: DescField, json: unknown, place: Place): string | undefined {
  if (field.message !== undefined) return inMessage(field.message, json, place);
  return field.enum === undefined ? undefined : inEnum(field.enum, json, place);
}

function inEnum({ values }: DescEnum, json: unknown, place: Place): string | undefined {
  const names = values.map(({ name }) => name);
  if (typeof json !== 'string' || names.includes(json)) return undefined;
  return `${pathOf(place)}: is not one of ${names.join(', ')}${hint(json, names)}`;
}

function objectOf(json: unknown): object {
  return isObject(json) ? json : {};
}

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
