/** The look of the web app: colours, fonts and component defaults. */

import {
  Alert,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  Notification,
  Tooltip,
} from '@mantine/core';

const usher: MantineColorsTuple = [
  '#eef2ff',
  '#e0e7ff',
  '#c7d2fe',
  '#a5b4fc',
  '#818cf8',
  '#6366f1',
  '#4f46e5',
  '#4338ca',
  '#3730a3',
  '#312e81',
];

const dark: MantineColorsTuple = [
  '#e6e9f0',
  '#c5ccd9',
  '#a3adbe',
  '#7d889b',
  '#4b566a',
  '#333c4d',
  '#262e3d',
  '#161b26',
  '#10141d',
  '#0b0e15',
];

/** The theme for the component library. */
export const theme = createTheme({
  primaryColor: 'usher',
  primaryShade: { light: 6, dark: 6 },
  colors: { usher, dark },
  defaultRadius: 'md',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '650' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Alert: Alert.extend({ defaultProps: { variant: 'outline', radius: 'md' } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        radius: 'lg',
        overlayProps: { backgroundOpacity: 0.5, blur: 3 },
      },
    }),
    Notification: Notification.extend({
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' } },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250 } }),
  },
});

/** Colours as CSS variables: secondary text with enough contrast (WCAG AA, 4.5:1), and surfaces. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#566072',
    '--mantine-color-placeholder': '#6b7585',
    '--mantine-color-error': '#c92a2a',
    '--usher-canvas': '#f7f8fb',
    '--usher-surface': '#ffffff',
    '--usher-line': '#e4e8ef',
    '--usher-sunken': '#f3f5f9',
    '--usher-link': '#4338ca',
  },
  dark: {
    '--mantine-color-dimmed': '#a3adbe',
    '--mantine-color-placeholder': '#8a95a8',
    '--mantine-color-error': '#ff8787',
    '--usher-canvas': '#0e121a',
    '--usher-surface': '#161b26',
    '--usher-line': '#29313f',
    '--usher-sunken': '#10151e',
    '--usher-link': '#a5b4fc',
  },
});
