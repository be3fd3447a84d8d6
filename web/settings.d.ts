// What the server tells the page in /settings.js (docs/contract/page.md).
declare const settings: {name: string; api: string};
export default settings;
