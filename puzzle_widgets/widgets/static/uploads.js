// The visitor's own files, kept in the visitor's browser by the digest of the library in them, so
// that a reload or a new session goes on with them; the newest ones only.

const STORE = "files", DATABASE = "puzzle-widgets";
const MOST_KEPT = 3;

function opened() {
  return new Promise((resolve, reject) => {
    const asked = window.indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "digest" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = asked.onblocked = () => reject(asked.error);
  });
}

// Runs one request; a browser that keeps nothing (a private window) answers with nothing.
async function inStore(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const change = database.transaction(STORE, mode);
      const asked = act(change.objectStore(STORE));
      change.oncomplete = () => resolve(asked.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  } finally {
    database.close();
  }
}

async function keepFiles(digest, files) {
  const kept = await inStore("readonly", (store) => store.getAll());
  const others = kept.filter((one) => one.digest !== digest).sort((a, b) => b.when - a.when);
  for (const { digest: old } of others.slice(MOST_KEPT - 1)) {
    await inStore("readwrite", (store) => store.delete(old));
  }
  await inStore("readwrite", (store) => store.put({ digest, files, when: Date.now() }));
}

async function keptFiles(digest) {
  const found = await inStore("readonly", (store) => store.get(digest));
  return found && Array.isArray(found.files) ? found.files.filter((one) => one instanceof File) : [];
}
