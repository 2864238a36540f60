// VitePress' own theme, with what its styles leave unreadable mended.
import theme from 'vitepress/theme';
import './readable.css';

export default theme;
