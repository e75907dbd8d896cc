// send.cjs N: N pushes by firebase-admin; run with -r ./scheme.cjs and NODE_EXTRA_CA_CERTS.
const { readFileSync } = require('fs');
const { initializeApp } = require('firebase-admin/app');
const { getMessaging } = require('firebase-admin/messaging');

const CALL_MAX = 500; // of sendEach

function cpuUs() {
  const used = process.cpuUsage();
  return used.user + used.system;
}

// Of this process alone: getrusage(2) counts the memory of whoever started it.
function peakKib() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

function messages(first, n) {
  return Array.from({ length: n }, (_, i) => ({
    token: `registration-${String(first + i).padStart(6, '0')}`,
    data: { post: '981', thread: '42' },
    notification: { title: 'Mina replied to you', body: 'See you there at eight, in front of the station!' },
  }));
}

async function main() {
  const n = Number(process.argv[2]);
  const token = { getAccessToken: async () => ({ access_token: 'good', expires_in: 3600 }) };
  initializeApp({ credential: token, projectId: 'demo' });
  const messaging = getMessaging();
  const setup = cpuUs();
  const begin = performance.now();
  let sent = 0;
  for (let at = 0; at < n; at += CALL_MAX)
    sent += (await messaging.sendEach(messages(at, Math.min(CALL_MAX, n - at)))).successCount;
  console.log(JSON.stringify({
    sent, setup_cpu_us: setup, work_cpu_us: cpuUs() - setup, wall_ms: Math.round(performance.now() - begin),
    peak_kib: peakKib(),
  }));
}

main();
