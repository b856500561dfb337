// Keeps the page with the crisis numbers on the device; everything else comes from the net.
const KEEP = "evenkeel-help-1";
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const PAGE = "{{ page|escapejs }}";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEEP).then((kept) => kept.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});
self.addEventListener("fetch", (event) => {
  const asked = event.request;
  if (asked.method !== "GET") return;
  const ours = FILES.includes(new URL(asked.url).pathname);
  if (asked.mode === "navigate") {
    event.respondWith(fetch(asked).catch(() => caches.match(PAGE)));
  } else if (ours) {
    event.respondWith(fetch(asked).catch(() => caches.match(asked)));
  }
});
