/** grpc.reflection v1 and v1alpha: lets tools such as grpcurl learn the services from the server. */

import type { DescFile, DescService } from '@bufbuild/protobuf';
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';
import { Health } from '../../gen/grpc/health/v1/health_pb.ts';

type Server = Parameters<ReflectionService['addToServer']>[0];
type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];
type ServiceDefinition = Parameters<Server['addService']>[0];

/** Reflection on these services, on health and on reflection itself. */
export function createReflection(services: readonly DescService[]): ReflectionService {
  const described = [...services, Health];
  // The library's own definitions bring the descriptors of the reflection services.
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

/** The descriptors that proto-loader keeps beside each message type. */
function fileProtosOf(definition: ServiceDefinition): Buffer[] {
  return Object.values(definition).flatMap(method => {
    const { requestType } = method as { requestType?: { fileDescriptorProtos: Buffer[] } };
    return requestType?.fileDescriptorProtos ?? [];
  });
}

/** The files of the services with all that they import, encoded. */
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

/** The form in which @grpc/reflection takes descriptors: it reads nothing else of the definition. */
function packageOf(fileDescriptorProtos: Buffer[]): PackageDefinition {
  const all = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos };
  return { all } as unknown as PackageDefinition;
}
