/** Who made an access token, by name, where there may be hundreds of rows. */

import { Field } from '../../../gen/usher/v1/access_token_pb.ts';
import { sayActor } from '../ui/actor.tsx';
import { Cut } from '../ui/cut.tsx';
import { useFieldValues } from './use-field-values.ts';

const namesMax = 200;

/** The name of the actor. One question for all rows asks for the names of those who made most. */
export function Maker({ actor }: { actor: string }) {
  const { values } = useFieldValues(Field.CREATED_BY, { pageSize: namesMax }, actor !== '');
  if (actor === '') return <span className="quiet">not known</span>;
  const name = values.find(({ value }) => value === actor)?.label;
  return <Cut text={sayActor(actor, name ?? '')} fits={18} />;
}
