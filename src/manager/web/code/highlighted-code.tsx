/** Code with syntax colours. */

import { Box } from '@mantine/core';
import bash from 'highlight.js/lib/languages/bash';
import go from 'highlight.js/lib/languages/go';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import nginx from 'highlight.js/lib/languages/nginx';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';
import { createElement, type ReactNode } from 'react';

const lowlight = createLowlight({ bash, go, javascript, json, nginx, python, ruby, yaml });

type Node = ReturnType<typeof lowlight.highlight>['children'][number];

/** The code in a box that the keyboard can scroll; `language` is one of those registered above. */
export default function HighlightedCode(props: { code: string; language: string; label: string }) {
  const tree = lowlight.highlight(props.language, props.code);
  return (
    <Box component="pre" className="code" tabIndex={0} role="region" aria-label={props.label}>
      {createElement('code', null, ...draw(tree.children))}
    </Box>
  );
}

// The children are spread so that they need no keys: the code does not change while it is shown.
function draw(nodes: readonly Node[]): ReactNode[] {
  return nodes.map(node => {
    if (node.type === 'text') return node.value;
    if (node.type !== 'element') return null;
    const names = node.properties.className;
    const className = Array.isArray(names) ? names.join(' ') : '';
    return createElement('span', { className }, ...draw(node.children as Node[]));
  });
}
