// The browsers: how each is started with a page, an empty profile, and access to this machine only.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { freePort, start } from '../interop/support/programs.mjs';

const { OUT } = process.env;
const WEBKIT = fileURLToPath(new URL('webkit.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

/** By name: the version of each engine, and how to start it. What it starts is stopped at the end of the scope. */
export const engines = {
    chromium: {
        title: 'Chromium',
        version: () => output('chromium', '--version').match(/[\d.]+/)[0],
        async open(scope, url) {
            // Requests to other hosts go to a closed port as their proxy. Loopback uses no proxy.
            const nowhere = await freePort();
            return start(scope, 'chromium', [
                '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking',
                '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-dev-shm-usage',
                `--proxy-server=127.0.0.1:${nowhere}`, `--user-data-dir=${profile('chromium')}`, url,
            ], { env: environment('chromium') });
        },
    },
    firefox: {
        title: 'Firefox',
        version: () => output('firefox-esr', '--version').match(/[\d.]+(esr)?/)[0],
        async open(scope, url) {
            const folder = profile('firefox');
            writeFileSync(`${folder}/user.js`, preferences(await freePort()));
            return start(scope, 'firefox-esr', ['--headless', '--no-remote', '--profile', folder, url], { env: environment('firefox') });
        },
    },
    webkit: {
        title: 'WebKitGTK',
        version: () => output(PYTHON, WEBKIT, '--version').trim().split(' ').slice(1).join('.'),
        async open(scope, url) {
            // It prints the display that it has chosen, which Python then uses.
            const display = start(scope, 'Xvfb', ['-displayfd', '1', '-screen', '0', '800x600x24', '-nolisten', 'tcp']);
            const [number] = await display.lines(1);
            profile('webkit');
            return start(scope, PYTHON, [WEBKIT, url], {
                env: { ...environment('webkit'), DISPLAY: `:${number}`, GDK_BACKEND: 'x11', GSETTINGS_BACKEND: 'memory' },
            });
        },
    },
};

/** Creates an empty folder. */
function profile(name) {
    const folder = `${OUT}/${name}/profile`;
    rmSync(`${OUT}/${name}`, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    return folder;
}

/** Uses a separate home folder, so that no files of the user are read or written. */
function environment(name) {
    const home = `${OUT}/${name}`;
    return { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home, DBUS_SESSION_BUS_ADDRESS: 'disabled:' };
}

function output(command, ...args) {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, HOME: OUT } });
}

/** Turns off Firefox's own requests at start, and blocks the others. */
function preferences(nowhere) {
    const values = {
        'network.proxy.type': 1,
        'network.proxy.http': '127.0.0.1',
        'network.proxy.http_port': nowhere,
        'network.proxy.ssl': '127.0.0.1',
        'network.proxy.ssl_port': nowhere,
        'network.proxy.no_proxies_on': '127.0.0.1',
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        'app.normandy.enabled': false,
        'app.update.enabled': false,
        'browser.aboutwelcome.enabled': false,
        'browser.region.update.enabled': false,
        'browser.safebrowsing.malware.enabled': false,
        'browser.safebrowsing.phishing.enabled': false,
        'browser.shell.checkDefaultBrowser': false,
        'browser.startup.homepage_override.mstone': 'ignore',
        'datareporting.healthreport.uploadEnabled': false,
        'datareporting.policy.dataSubmissionEnabled': false,
        'dom.push.connection.enabled': false,
        'extensions.update.enabled': false,
        'services.settings.server': 'data:,',
        'toolkit.telemetry.enabled': false,
        'toolkit.telemetry.unified': false,
    };
    return Object.entries(values).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join('');
}
