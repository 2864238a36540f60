/** grpc.reflection v1 and v1alpha from the descriptors, for tools such as grpcurl. */

import { create, type DescFile, type DescService, fromBinary, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import {
  ErrorResponseSchema,
  ExtensionNumberResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
  ServiceResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import {
  ServerReflection as AlphaReflection,
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
} from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { type Binding, bind } from '../rpc/handlers.ts';
import { codes } from '../rpc/rpc-error.ts';

type Answer = ServerReflectionResponse['messageResponse'];

/** The reflection services for these services and themselves. */
export function reflectionBindings(described: readonly DescService[]): Binding[] {
  const answerTo = createIndex([...described, ServerReflection, AlphaReflection]);
  const respond = (request: ServerReflectionRequest) => {
    const response = create(ServerReflectionResponseSchema);
    response.validHost = request.host;
    response.originalRequest = request;
    response.messageResponse = answerTo(request);
    return response;
  };
  return [
    bind(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield respond(request);
      },
    }),
    bind(AlphaReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          // Both versions have the same fields, and so the same bytes.
          const bytes = toBinary(AlphaRequestSchema, request);
          const response = respond(fromBinary(ServerReflectionRequestSchema, bytes));
          yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, response));
        }
      },
    }),
  ];
}

/** A function that answers questions about these services and all that they import. */
function createIndex(
  services: readonly DescService[],
): (question: ServerReflectionRequest) => Answer {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  for (const { file } of services) addFile(file, files, symbols);
  const service = services.map(({ typeName: name }) => create(ServiceResponseSchema, { name }));
  const listed = create(ListServiceResponseSchema, { service });

  return ({ messageRequest: { case: asked, value } }) => {
    switch (asked) {
      case 'listServices':
        return { case: 'listServicesResponse', value: listed };
      case 'fileByFilename':
        return fileAnswer(files.get(value));
      case 'fileContainingSymbol':
        return fileAnswer(symbols.get(value));
      case 'allExtensionNumbersOfType':
        if (!symbols.has(value)) return notFound();
        return {
          case: 'allExtensionNumbersResponse',
          value: create(ExtensionNumberResponseSchema, { baseTypeName: value }),
        };
      default:
        // There are no extensions.
        return notFound();
    }
  };
}

function addFile(file: DescFile, files: Map<string, DescFile>, symbols: Map<string, DescFile>) {
  const { name } = file.proto;
  if (files.has(name)) return;
  files.set(name, file);
  for (const type of nestedTypes(file)) {
    symbols.set(type.typeName, file);
    if (type.kind === 'service') {
      for (const method of type.methods) symbols.set(`${type.typeName}.${method.name}`, file);
    } else if (type.kind === 'message') {
      for (const field of type.fields) {
        symbols.set(`${type.typeName}.${field.name}`, file);
      }
    }
  }
  for (const dependency of file.dependencies) addFile(dependency, files, symbols);
}

/** The file, and all that it imports: tools need not ask for those. */
function fileAnswer(file: DescFile | undefined): Answer {
  if (file === undefined) return notFound();
  const all = new Set<DescFile>();
  const add = (each: DescFile) => {
    if (all.has(each)) return;
    all.add(each);
    each.dependencies.forEach(add);
  };
  add(file);
  const fileDescriptorProto = [...all].map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  );
  const value = create(FileDescriptorResponseSchema, { fileDescriptorProto });
  return { case: 'fileDescriptorResponse', value };
}

function notFound(): Answer {
  const value = create(ErrorResponseSchema, {
    errorCode: codes.NOT_FOUND,
    errorMessage: 'there is no such name',
  });
  return { case: 'errorResponse', value };
}
