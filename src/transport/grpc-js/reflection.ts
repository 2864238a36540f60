/** grpc.reflection v1 and v1alpha, through which tools such as grpcurl discover the services. */

import type { DescFile, DescService } from '@bufbuild/protobuf';
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';
import { Health } from '../../gen/grpc/health/v1/health_pb.ts';

type Server = Parameters<ReflectionService['addToServer']>[0];
type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];
type ServiceDefinition = Parameters<Server['addService']>[0];

/** The reflection service for these services, health and reflection itself. */
export function createReflection(services: readonly DescService[]): ReflectionService {
  const described = [...services, Health];
  // The descriptors of the reflection services are only in the library's own definitions.
  const own: ServiceDefinition[] = [];
  new ReflectionService({}).addToServer({ addService: definition => own.push(definition) });
  const files = [...fileProtos(described), ...own.flatMap(fileProtosOf)];
  return new ReflectionService(packageOf(files), {
    services: [...described.map(service => service.typeName), ...own.map(nameOf)],
  });
}

/** The full name of a service, from the path of its first method. */
function nameOf(definition: ServiceDefinition): string {
  return Object.values(definition)[0]?.path.split('/')[1] ?? '';
}

/** The encoded file descriptors that proto-loader attaches to each message type. */
function fileProtosOf(definition: ServiceDefinition): Buffer[] {
  return Object.values(definition).flatMap(method => {
    const { requestType } = method as { requestType?: { fileDescriptorProtos: Buffer[] } };
    return requestType?.fileDescriptorProtos ?? [];
  });
}

/** The encoded file descriptors of the services and of everything that they import. */
function fileProtos(services: readonly DescService[]): Buffer[] {
  const files = new Set<DescFile>();
  const add = (file: DescFile) => {
    if (files.has(file)) return;
    files.add(file);
    file.dependencies.forEach(add);
  };
  for (const service of services) add(service.file);
  return [...files].map(file => Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
}

/** Wraps descriptors for @grpc/reflection, which reads nothing else of a package definition. */
function packageOf(fileDescriptorProtos: Buffer[]): PackageDefinition {
  const all = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos };
  return { all } as unknown as PackageDefinition;
}
