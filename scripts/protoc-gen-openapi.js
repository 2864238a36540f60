// A plugin of `buf generate`: writes the OpenAPI document of Usher's unary rpcs, as Connect speaks them
// in JSON (https://connectrpc.com/docs/protocol), with the comments of the proto as descriptions.

import { create, createFileRegistry, ScalarType } from '@bufbuild/protobuf';
import {
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { getComments, runNodeJs } from '@bufbuild/protoplugin';
import { stringify } from 'yaml';

runNodeJs({
  name: 'protoc-gen-openapi',
  version: 'v1',
  run(request) {
    const files = create(FileDescriptorSetSchema, { file: request.protoFile });
    const content = `# Made from the proto by scripts/protoc-gen-openapi.js.\n${stringify(
      documentOf(createFileRegistry(files)),
      { lineWidth: 0, aliasDuplicateObjects: false },
    )}`;
    return create(CodeGeneratorResponseSchema, {
      supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
      file: [{ name: 'openapi.yaml', content }],
    });
  },
});

/** Rpcs that need no credentials of the caller: the token is in the request. */
const open = new Set(['usher.v1.VerifierService.Verify', 'usher.v1.VerifierService.BatchVerify']);

function documentOf(registry) {
  const services = [...registry].filter(
    ({ kind, typeName }) => kind === 'service' && typeName.startsWith('usher.v1.'),
  );
  services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  const rpcs = services.flatMap(({ methods }) =>
    methods.filter(({ methodKind }) => methodKind === 'unary'),
  );
  const details = ['usher.v1.Denial', 'google.rpc.BadRequest'].map(name =>
    registry.getMessage(name),
  );
  const requests = reachableFrom(rpcs.map(({ input }) => input));
  const answers = reachableFrom([...rpcs.map(({ output }) => output), ...details]);
  const messages = [...new Set([...requests, ...answers])];
  messages.sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Usher',
      version: 'v1',
      description:
        'Usher knows whether a token is good. Each rpc is a POST of JSON, as the Connect protocol ' +
        'defines it. StreamVerify and WatchInvalidations, which are streams, are not in this ' +
        'document: they need a client of gRPC, gRPC-Web or Connect.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: services.map(service => ({ name: service.name, description: commentOf(service) })),
    security: [{ token: [] }],
    paths: Object.fromEntries(
      rpcs.map(rpc => [`/${rpc.parent.typeName}/${rpc.name}`, pathOf(rpc)]),
    ),
    components: {
      securitySchemes: {
        token: {
          ...{ type: 'apiKey', in: 'header', name: 'Authorization' },
          description: 'A static token, with or without "Bearer" before it.',
        },
      },
      responses: {
        Error: {
          description: 'The call failed.',
          content: json({ $ref: '#/components/schemas/Error' }),
        },
      },
      schemas: {
        Error: errorSchema(details),
        ...Object.fromEntries(
          messages.map(message => [
            message.typeName,
            messageSchema(message, requests.has(message) && !answers.has(message)),
          ]),
        ),
        ...Object.fromEntries(enumsOf(messages).map(each => [each.typeName, enumSchema(each)])),
      },
    },
  };
}

function pathOf(rpc) {
  const manager = rpc.parent.name !== 'VerifierService';
  return {
    servers: [manager ? managerServer : httpServer],
    post: {
      operationId: `${rpc.parent.name}_${rpc.name}`,
      tags: [rpc.parent.name],
      description: commentOf(rpc),
      ...(open.has(`${rpc.parent.typeName}.${rpc.name}`) ? { security: [] } : {}),
      requestBody: { required: true, content: json(refTo(rpc.input)) },
      responses: {
        200: { description: 'The call succeeded.', content: json(refTo(rpc.output)) },
        default: { $ref: '#/components/responses/Error' },
      },
    },
  };
}

const httpServer = {
  url: 'http://{address}',
  description: 'The HTTP listener (USHER_HTTP_LISTEN)',
  variables: { address: { default: '127.0.0.1:8080' } },
};
const managerServer = {
  url: 'http://{address}',
  description: 'The API Manager (USHER_MANAGER_LISTEN)',
  variables: { address: { default: '127.0.0.1:8081' } },
};

const json = schema => ({ 'application/json': { schema } });
const refTo = ({ typeName }) => ({ $ref: `#/components/schemas/${typeName}` });

/** The error of Connect: https://connectrpc.com/docs/protocol#error-end-stream. */
function errorSchema(details) {
  const debug = details.map(refTo);
  return {
    type: 'object',
    description: 'An error of the Connect protocol.',
    required: ['code'],
    properties: {
      code: {
        type: 'string',
        enum: [
          ...['canceled', 'unknown', 'invalid_argument', 'deadline_exceeded', 'not_found'],
          ...['already_exists', 'permission_denied', 'resource_exhausted', 'failed_precondition'],
          ...['aborted', 'out_of_range', 'unimplemented', 'internal', 'unavailable', 'data_loss'],
          'unauthenticated',
        ],
      },
      message: { type: 'string', description: 'For people.' },
      details: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            type: { type: 'string', enum: details.map(({ typeName }) => typeName) },
            value: {
              ...{ type: 'string', contentEncoding: 'base64' },
              description: 'The message of this type in binary Protobuf, base64 without padding.',
            },
            debug: { description: 'The same message in JSON.', anyOf: debug },
          },
        },
      },
    },
  };
}

function messageSchema(message, isRequest) {
  const fields = message.fields.map(field => [field.jsonName, fieldSchema(field)]);
  return {
    type: 'object',
    ...described(message),
    ...(fields.length > 0 ? { properties: Object.fromEntries(fields) } : {}),
    ...(isRequest ? { additionalProperties: false } : {}),
  };
}

function enumSchema(each) {
  const meanings = each.values.map(value => `- \`${value.name}\`: ${commentOf(value)}`);
  return {
    type: 'string',
    description: [commentOf(each), meanings.join('\n')].join('\n\n'),
    enum: each.values.map(({ name }) => name),
  };
}

function fieldSchema(field) {
  const schema = shapeOf(field);
  if (field.oneof === undefined) return { ...schema, ...described(field) };
  const others = field.oneof.fields.map(({ jsonName }) => jsonName).join(', ');
  return { ...schema, description: `${commentOf(field)}\n\nAt most one of: ${others}.` };
}

function shapeOf(field) {
  switch (field.fieldKind) {
    case 'list':
      return { type: 'array', items: valueSchema(field.listKind, field) };
    case 'map':
      return { type: 'object', additionalProperties: valueSchema(field.mapKind, field) };
    default:
      return valueSchema(field.fieldKind, field);
  }
}

function valueSchema(kind, { message, scalar, enum: values }) {
  if (kind === 'message') return wellKnown[message.typeName] ?? refTo(message);
  return kind === 'enum' ? refTo(values) : { ...scalars[scalar] };
}

/** Messages that Protobuf's JSON writes in a way of their own. */
const wellKnown = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' },
  'google.protobuf.FieldMask': { type: 'string' },
  'google.protobuf.Struct': { type: 'object' },
};

/** JSON numbers are exact only up to 2^53. */
const wide = { type: 'string', format: 'int64', pattern: '^-?[0-9]+$' };
const scalars = {
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.INT32]: { type: 'integer', format: 'int32' },
  [ScalarType.UINT32]: { type: 'integer', format: 'uint32', minimum: 0 },
  [ScalarType.INT64]: wide,
  [ScalarType.UINT64]: { ...wide, format: 'uint64', pattern: '^[0-9]+$' },
};

/** These messages, and all that their fields hold. */
function reachableFrom(messages) {
  const reached = new Set(messages);
  for (const { fields } of reached) {
    for (const { message } of fields) {
      if (message !== undefined && wellKnown[message.typeName] === undefined) reached.add(message);
    }
  }
  return reached;
}

function enumsOf(messages) {
  const all = messages.flatMap(({ fields }) => fields.flatMap(field => field.enum ?? []));
  return [...new Set(all)].sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
}

function described(desc) {
  const description = commentOf(desc);
  return description === '' ? {} : { description };
}

/** The comment above a declaration, its lines as written. */
function commentOf(desc) {
  const { leading = '' } = getComments(desc);
  return leading.replace(/^ /gm, '').trim();
}
