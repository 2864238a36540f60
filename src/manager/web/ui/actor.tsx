/** Who did something, by name where it has one. */

import { Anchor } from '@mantine/core';
import { Link } from 'wouter';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const idShown = 13;

/**
 * The actor of a record: the admin token, an access token, a person, or Usher itself. `name` is what it
 * is called now; "" where that is not known.
 */
export function Actor({ actor, name }: { actor: string; name: string }) {
  if (uuid.test(actor)) {
    return (
      <Anchor component={Link} href={`/tokens/${actor}`} size="sm" title={actor}>
        {name || actor.slice(0, idShown)}
      </Anchor>
    );
  }
  if (actor === '') return <>not known</>;
  if (actor === 'admin') return <>Admin token</>;
  return <span title={actor}>{sayActor(actor, name)}</span>;
}

/** An actor in words, where no link fits. Ids of people are nothing that anyone knows. */
export function sayActor(actor: string, name: string): string {
  if (name !== '') return name;
  return actor.startsWith('person:') ? 'Unknown person' : actor;
}
