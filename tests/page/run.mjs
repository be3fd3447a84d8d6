// Runs the journeys, one after another in one browser. Arguments: parts of the names of those to run.
import {readdirSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {end, here} from './harness.mjs';
import {journeys} from './journey.mjs';

const wanted = process.argv.slice(2);
for (const name of readdirSync(here).filter((each) => each.endsWith('_journey.mjs')).sort())
    await import(pathToFileURL(path.join(here, name)));

const begun = Date.now();
const failed = [];
let run = 0;
for (const {name, walk} of journeys) {
    if (wanted.length > 0 && !wanted.some((each) => name.includes(each))) continue;
    ++run;
    const start = Date.now();
    try {
        await walk();
        console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
        failed.push(name);
        console.log(`FAILED  ${name}\n${error.stack ?? error}`);
    }
}
await end();
console.log(`${run - failed.length} of ${run} journeys in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
process.exit(failed.length > 0 || run === 0 ? 1 : 0);
