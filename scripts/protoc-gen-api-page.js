// A plugin of buf: writes api.md, the reference of the API from the comments in proto.

import { create, createFileRegistry, ScalarType } from '@bufbuild/protobuf';
import {
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { getComments, runNodeJs } from '@bufbuild/protoplugin';

runNodeJs({
  name: 'protoc-gen-api-page',
  version: 'v1',
  run(request) {
    const registry = createFileRegistry(
      create(FileDescriptorSetSchema, { file: request.protoFile }),
    );
    const files = [...registry.files].filter(({ proto }) => proto.package.startsWith('usher.'));
    return create(CodeGeneratorResponseSchema, {
      supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
      file: [{ name: 'api.md', content: `${pageOf(files)}\n` }],
    });
  },
});

/** The comment above a declaration, as Markdown. */
function commentOf(desc) {
  const { leading = '' } = getComments(desc);
  return leading
    .split('\n')
    .map(line => line.replace(/^ /, ''))
    .join('\n')
    .trim();
}

/** A comment in one line of a table. */
const cell = desc =>
  commentOf(desc)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
const anchor = desc => desc.typeName.replaceAll('.', '-').toLowerCase();
const reference = desc =>
  desc.typeName.startsWith('usher.') ? `[${desc.name}](#${anchor(desc)})` : `\`${desc.typeName}\``;

function typeOf(field) {
  if (field.fieldKind === 'map')
    return `map of ${ScalarType[field.mapKey].toLowerCase()} to ${itemOf(field)}`;
  if (field.fieldKind === 'list') return `list of ${itemOf(field)}`;
  return itemOf(field);
}

function itemOf(field) {
  if (field.message !== undefined) return reference(field.message);
  if (field.enum !== undefined) return reference(field.enum);
  return ScalarType[field.scalar].toLowerCase();
}

function pageOf(files) {
  const services = files.flatMap(file => file.services);
  const messages = files.flatMap(file => file.messages.flatMap(withNested));
  const enums = files.flatMap(file => [
    ...file.enums,
    ...file.messages.flatMap(each => each.nestedEnums),
  ]);
  return [
    '# The API',
    'Every rpc, message and field, from the comments in `proto/usher/v1`. Each service is served over gRPC, gRPC-Web and Connect.',
    ...services.map(serviceText),
    '## Messages',
    ...messages.map(messageText),
    '## Enumerations',
    ...enums.map(enumText),
  ].join('\n\n');
}

function withNested(message) {
  return [
    message,
    ...message.nestedMessages.filter(each => !each.proto.options?.mapEntry).flatMap(withNested),
  ];
}

function serviceText(service) {
  const rpcs = service.methods.map(method => {
    const kinds = {
      server_streaming: ', a stream of answers',
      bidi_streaming: ', a stream each way',
    };
    const shape = `${reference(method.input)} → ${reference(method.output)}${kinds[method.methodKind] ?? ''}`;
    return `### ${service.name}.${method.name}\n\n${shape}\n\n${commentOf(method)}`;
  });
  return [`## ${service.name}`, commentOf(service), ...rpcs].join('\n\n');
}

function messageText(message) {
  const rows = message.fields.map(field => {
    const choice = field.oneof === undefined ? '' : ` (one of \`${field.oneof.name}\`)`;
    return `| \`${field.name}\` | ${typeOf(field)}${choice} | ${cell(field)} |`;
  });
  const table =
    rows.length === 0 ? '' : ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
  return [`### ${message.name} {#${anchor(message)}}`, commentOf(message), table]
    .filter(Boolean)
    .join('\n\n');
}

function enumText(each) {
  const rows = each.values.map(value => `| \`${value.name}\` | ${value.number} | ${cell(value)} |`);
  return [
    `### ${each.name} {#${anchor(each)}}`,
    commentOf(each),
    ['| value | number | meaning |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}
