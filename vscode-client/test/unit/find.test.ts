import { describe, expect, it } from 'vitest';
import { find, type Found, type Places, type Probe, safeSearchPath } from '../../src/server/find';

const PLACES: Places = {
  setting: '',
  environment: undefined,
  searchPath: '/usr/local/bin:/usr/bin',
  installed: '/data/server',
  folders: ['/home/me/repo'],
  trusted: true,
  windows: false,
};

/** A disk with these programs, and these links to them. */
function disk(programs: string[], links: Record<string, string> = {}): Probe {
  return {
    runs: (file) => Promise.resolve(programs.includes(file) || file in links),
    real: (file) => Promise.resolve(links[file] ?? file),
  };
}

const found = (program: string, origin: string): object => ({ kind: 'found', program, origin });
const unusable = (program: string, reason: string): object => ({ kind: 'unusable', program, reason });

interface Case {
  name: string;
  places?: Partial<Places>;
  programs?: string[];
  links?: Record<string, string>;
  wanted: object;
}

const CASES: Case[] = [
  { name: 'nothing anywhere', wanted: { kind: 'none' } },
  {
    name: 'the setting goes first',
    places: { setting: '/opt/cachewise', environment: '/env' },
    programs: ['/opt/cachewise', '/env/bin/cachewise', '/usr/bin/cachewise'],
    wanted: found('/opt/cachewise', 'setting'),
  },
  {
    name: 'a setting that names nothing is not passed over',
    places: { setting: '/opt/cachewise' },
    programs: ['/usr/bin/cachewise'],
    wanted: unusable('/opt/cachewise', 'missing'),
  },
  {
    name: 'a relative setting',
    places: { setting: './bin/cachewise' },
    programs: ['./bin/cachewise'],
    wanted: unusable('./bin/cachewise', 'relative'),
  },
  {
    name: 'the chosen environment goes before the search path',
    places: { environment: '/home/me/repo/.venv' },
    programs: ['/home/me/repo/.venv/bin/cachewise', '/usr/bin/cachewise'],
    wanted: found('/home/me/repo/.venv/bin/cachewise', 'environment'),
  },
  {
    name: 'an environment without the server',
    places: { environment: '/env' },
    programs: ['/usr/bin/cachewise'],
    wanted: found('/usr/bin/cachewise', 'searchPath'),
  },
  {
    name: 'the first entry of the search path',
    programs: ['/usr/bin/cachewise', '/usr/local/bin/cachewise'],
    wanted: found('/usr/local/bin/cachewise', 'searchPath'),
  },
  {
    name: 'relative entries of the search path are the open folder, so they do not count',
    places: { searchPath: '.:bin::/usr/bin' },
    programs: ['cachewise', 'bin/cachewise', './cachewise', '/data/server/bin/cachewise'],
    wanted: found('/data/server/bin/cachewise', 'installed'),
  },
  {
    name: 'what was installed goes last',
    programs: ['/data/server/bin/cachewise', '/usr/bin/cachewise'],
    wanted: found('/usr/bin/cachewise', 'searchPath'),
  },
  {
    name: 'Windows',
    places: {
      windows: true,
      searchPath: 'relative;C:\\bin',
      installed: 'C:\\data\\server',
      environment: 'C:\\env',
    },
    programs: ['C:\\env\\Scripts\\cachewise.exe'],
    wanted: found('C:\\env\\Scripts\\cachewise.exe', 'environment'),
  },
];

const UNTRUSTED: Case[] = [
  {
    name: 'the setting inside of the folder',
    places: { setting: '/home/me/repo/tool' },
    programs: ['/home/me/repo/tool'],
    wanted: unusable('/home/me/repo/tool', 'untrusted'),
  },
  {
    name: 'the setting by a way around',
    places: { setting: '/home/me/other/../repo/tool' },
    programs: ['/home/me/other/../repo/tool'],
    wanted: unusable('/home/me/other/../repo/tool', 'untrusted'),
  },
  {
    name: 'the setting as a link into the folder',
    places: { setting: '/opt/cachewise' },
    links: { '/opt/cachewise': '/home/me/repo/tool' },
    wanted: unusable('/opt/cachewise', 'untrusted'),
  },
  {
    name: 'a link from inside of the folder to outside',
    places: { setting: '/home/me/repo/tool' },
    links: { '/home/me/repo/tool': '/usr/bin/cachewise' },
    wanted: unusable('/home/me/repo/tool', 'untrusted'),
  },
  {
    name: 'the folder itself is a link',
    places: { setting: '/real/repo/tool' },
    programs: ['/real/repo/tool'],
    links: { '/home/me/repo': '/real/repo' },
    wanted: unusable('/real/repo/tool', 'untrusted'),
  },
  {
    name: 'the environment that the Python extension chose there',
    places: { environment: '/home/me/repo/.venv' },
    programs: ['/home/me/repo/.venv/bin/cachewise'],
    wanted: { kind: 'none' },
  },
  {
    name: 'any environment, since the folder may have chosen it',
    places: { environment: '/env' },
    programs: ['/env/bin/cachewise'],
    wanted: { kind: 'none' },
  },
  {
    name: 'an entry of the search path inside of the folder',
    places: { searchPath: '/home/me/repo/bin:/usr/bin' },
    programs: ['/home/me/repo/bin/cachewise', '/usr/bin/cachewise'],
    wanted: found('/usr/bin/cachewise', 'searchPath'),
  },
  {
    name: 'a link on the search path into the folder',
    programs: [],
    links: { '/usr/bin/cachewise': '/home/me/repo/x' },
    wanted: { kind: 'none' },
  },
  {
    name: 'a folder whose name only begins the same',
    places: { searchPath: '/home/me/repository/bin' },
    programs: ['/home/me/repository/bin/cachewise'],
    wanted: found('/home/me/repository/bin/cachewise', 'searchPath'),
  },
];

async function foundIn({ places, programs = [], links }: Case, trusted: boolean): Promise<Found> {
  return find({ ...PLACES, ...places, trusted }, disk(programs, links));
}

describe('finding the server', () => {
  it.each(CASES)('$name', async (one) => {
    expect(await foundIn(one, true)).toEqual(one.wanted);
  });
});

describe('in a folder that is not trusted', () => {
  it.each(UNTRUSTED)('$name', async (one) => {
    expect(await foundIn(one, false)).toEqual(one.wanted);
  });
});

describe('the search path of programs that are run by name', () => {
  it.each([
    { path: '/usr/bin:.:bin:/home/me/repo/bin:/home/me/repo', trusted: false, wanted: '/usr/bin' },
    { path: '/usr/bin:.:bin:/home/me/repo/bin', trusted: true, wanted: '/usr/bin:/home/me/repo/bin' },
    { path: '', trusted: false, wanted: '' },
  ])('$path, trusted: $trusted', ({ path, trusted, wanted }) => {
    expect(safeSearchPath({ ...PLACES, searchPath: path, trusted })).toBe(wanted);
  });
});
