/*
 * A disk that can lose power, and one that fails: loaded into a process by LD_PRELOAD, for tests alone.
 *
 * POWER_LOSS_WATCH   the folder that is watched, as realpath(3) names it
 * POWER_LOSS_IMAGE   a folder that gets what is durable of it (left out: no image is kept)
 *                      begun            all that was there at the start is in the image; until then nothing was changed
 *                      files/<inode>    the octets of a file as of its last sync
 *                      folders/<inode>  the entries of a folder as of its last sync: "<inode> <d or f> <name>" a line
 * POWER_LOSS_LIES    syncs that say they were done and were not: "wal" or "folders" (below blobs/)
 * POWER_LOSS_FAULTS  a file of five 32-bit numbers, see struct faults, through which calls are made to fail
 *
 * What a sync covers is copied when the sync is done; nothing else ever reaches the image. Names (rename, unlink, link,
 * mkdir, a new file) need a sync of their folder, octets and sizes one of their file. After a sync that failed, the octets
 * that it was to cover count as clean, as Linux has it: a second sync does not bring them. Octets that are written while a
 * sync runs may come with it. Mapped memory is not looked at: SQLite's -shm needs no durability.
 *
 * A file is known by its inode. The number is not given out again while the process runs, because each inode is held open.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096
#define BUCKETS 4096
#define OFTEN_ENOUGH 64 /* descriptors that nftw may use */

/* The function of this name in the C library. */
#define REAL(name) ((__typeof__(&name))(real_##name ? real_##name : found(&real_##name, #name)))
#define STANDS_FOR(name) static void *real_##name;
static void *found(void **place, const char *name) { return *place = dlsym(RTLD_NEXT, name); }

STANDS_FOR(open) STANDS_FOR(open64) STANDS_FOR(openat) STANDS_FOR(openat64) STANDS_FOR(write) STANDS_FOR(writev)
STANDS_FOR(pwrite) STANDS_FOR(pwrite64) STANDS_FOR(pwritev) STANDS_FOR(pwritev64) STANDS_FOR(pwritev2)
STANDS_FOR(pwritev64v2) STANDS_FOR(sendfile) STANDS_FOR(sendfile64) STANDS_FOR(ftruncate) STANDS_FOR(ftruncate64)
STANDS_FOR(fsync) STANDS_FOR(fdatasync) STANDS_FOR(rename) STANDS_FOR(mkdir) STANDS_FOR(unlink)
STANDS_FOR(rmdir) STANDS_FOR(syscall)

/* A file or a folder below the watched one. */
struct known {
  struct known *next;
  ino_t inode;
  int held;              /* never closed: closing any descriptor of a file gives up this process's locks on it */
  int image;             /* descriptor of its image, -1 before its first sync */
  unsigned char *dirty;  /* one octet a page: written and not synced */
  size_t pages;          /* length of dirty */
  int lies;              /* its syncs do nothing */
};

/* Set by the test, which writes all five numbers at once. */
struct faults {
  _Atomic uint32_t at;      /* the call that fails, counted from 1; 0: none, and nothing is counted */
  _Atomic uint32_t error;   /* errno */
  _Atomic uint32_t lasting; /* 1: and all that follow it */
  _Atomic uint32_t count;   /* calls so far */
  _Atomic uint32_t failed;  /* how many of them failed */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t begun = PTHREAD_ONCE_INIT;
static struct known *table[BUCKETS];
static const char *watched, *image, *lies;
static size_t watched_length;
static dev_t device;
static struct faults *faults;

static void die(const char *what) {
  dprintf(2, "power-loss: %s: %s\n", what, strerror(errno));
  _exit(70);
}

__attribute__((constructor)) static void read_settings(void) {
  watched = getenv("POWER_LOSS_WATCH");
  image = getenv("POWER_LOSS_IMAGE");
  lies = getenv("POWER_LOSS_LIES");
  watched_length = watched ? strlen(watched) : 0;
  const char *path = getenv("POWER_LOSS_FAULTS");
  if (!watched || !path) return;
  int fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) die(path);
  faults = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (faults == MAP_FAILED) die("mmap");
  close(fd);
}

/* Whether this call is one that has to fail; errno is set then. */
static int refused(void) {
  if (!faults || faults->at == 0) return 0;
  uint32_t now = atomic_fetch_add(&faults->count, 1) + 1;
  if (faults->lasting ? now < faults->at : now != faults->at) return 0;
  atomic_fetch_add(&faults->failed, 1);
  errno = (int)faults->error;
  return 1;
}

/* --- what is known of inodes; the lock is held --- */

static struct known *find(ino_t inode) {
  struct known *one = table[inode % BUCKETS];
  while (one && one->inode != inode) one = one->next;
  return one;
}

static void mark(struct known *one, off_t from, off_t to) {
  size_t first = from / PAGE, end = (to + PAGE - 1) / PAGE;
  if (end > one->pages) {
    size_t pages = end * 2;
    one->dirty = realloc(one->dirty, pages);
    if (!one->dirty) die("realloc");
    memset(one->dirty + one->pages, 0, pages - one->pages);
    one->pages = pages;
  }
  if (end > first) memset(one->dirty + first, 1, end - first);
}

/* A new file is dirty as a whole: however its first octets came, they are in no image. */
static struct known *learn(const char *path, const struct stat *st) {
  struct known *one = find(st->st_ino);
  if (one) return one;
  int held = REAL(open)(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (held < 0) return NULL; /* gone already */
  one = calloc(1, sizeof *one);
  if (!one) die("calloc");
  size_t length = strlen(path);
  one->inode = st->st_ino;
  one->held = held;
  one->image = -1;
  one->lies = lies && (S_ISDIR(st->st_mode) ? !strcmp(lies, "folders") && strstr(path, "/blobs")
                                            : !strcmp(lies, "wal") && length > 4 && !strcmp(path + length - 4, "-wal"));
  one->next = table[one->inode % BUCKETS];
  table[one->inode % BUCKETS] = one;
  if (S_ISREG(st->st_mode)) mark(one, 0, st->st_size);
  return one;
}

static void keep_file(struct known *one) {
  static char buffer[64 * PAGE];
  struct stat st;
  if (one->image < 0) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/files/%lu", image, (unsigned long)one->inode);
    one->image = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (one->image < 0) die(path);
  }
  for (size_t page = 0, end; page < one->pages; page = end + 1) {
    for (end = page; end < one->pages && end - page < sizeof buffer / PAGE && one->dirty[end]; end++) one->dirty[end] = 0;
    if (end == page) continue;
    ssize_t octets = pread(one->held, buffer, (end - page) * PAGE, (off_t)page * PAGE);
    if (octets < 0 || REAL(pwrite)(one->image, buffer, octets, (off_t)page * PAGE) != octets) die("the image");
    end--;
  }
  if (fstat(one->held, &st) < 0 || REAL(ftruncate)(one->image, st.st_size) < 0) die("the image");
}

static void keep_folder(struct known *one) {
  char folder[PATH_MAX], path[PATH_MAX], whole[PATH_MAX];
  snprintf(folder, sizeof folder, "/proc/self/fd/%d", one->held);
  snprintf(path, sizeof path, "%s/folders/%lu.new", image, (unsigned long)one->inode);
  snprintf(whole, sizeof whole, "%s/folders/%lu", image, (unsigned long)one->inode);
  DIR *entries = opendir(folder);
  FILE *list = fopen(path, "w");
  if (!entries || !list) die(path);
  for (struct dirent *entry; (entry = readdir(entries));)
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
      fprintf(list, "%lu %c %s\n", (unsigned long)entry->d_ino, entry->d_type == DT_DIR ? 'd' : 'f', entry->d_name);
  closedir(entries);
  if (fclose(list) != 0 || REAL(rename)(path, whole) < 0) die(path);
}

static void keep(struct known *one, const struct stat *st) {
  if (!image || one->lies) return;
  if (S_ISDIR(st->st_mode)) keep_folder(one);
  else if (S_ISREG(st->st_mode)) keep_file(one);
}

/* What is there when the process first touches the folder has been there for long. */
static int keep_one(const char *path, const struct stat *st, int type, struct FTW *where) {
  (void)type, (void)where;
  struct known *one = learn(path, st);
  if (one) keep(one, st);
  return 0;
}

static void begin(void) {
  struct stat st;
  if (stat(watched, &st) < 0) die(watched);
  device = st.st_dev;
  const char *lying = lies;
  lies = NULL; /* about what comes, not about what was */
  nftw(watched, keep_one, OFTEN_ENOUGH, FTW_PHYS);
  lies = lying;
  if (!image) return;
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/begun", image);
  close(REAL(open)(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* --- paths and descriptors --- */

static int is_watched(const char *path) {
  if (!watched || !path || strncmp(path, watched, watched_length) != 0) return 0;
  if (path[watched_length] != '/' && path[watched_length] != 0) return 0;
  pthread_mutex_lock(&lock);
  pthread_once(&begun, begin);
  pthread_mutex_unlock(&lock);
  return 1;
}

/* Of a descriptor: NULL where its file is not watched. */
static struct known *behind(int fd, struct stat *st) {
  if (!watched || fstat(fd, st) < 0 || st->st_dev != device) return NULL;
  if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) return NULL;
  pthread_mutex_lock(&lock);
  struct known *one = find(st->st_ino);
  pthread_mutex_unlock(&lock);
  return one;
}

static void learn_opened(const char *path, int fd) {
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) return;
  pthread_mutex_lock(&lock);
  learn(path, &st);
  pthread_mutex_unlock(&lock);
}

static int changes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT); }

/* A path that is relative to a descriptor is made whole. */
static const char *whole_path(int folder, const char *path, char *buffer) {
  if (!watched || !path || path[0] == '/' || folder == AT_FDCWD) return path;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, buffer, PATH_MAX - 1);
  if (length < 0) return path;
  snprintf(buffer + length, PATH_MAX - length, "/%s", path);
  return buffer;
}

#define MODE(flags) ({ mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; \
  va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } mode; })

#define OPENS(name) \
  int name(const char *path, int flags, ...) { \
    mode_t mode = MODE(flags); \
    int here = is_watched(path); \
    if (here && changes(flags) && refused()) return -1; \
    int fd = REAL(name)(path, flags, mode); \
    if (here) learn_opened(path, fd); \
    return fd; \
  }
OPENS(open) OPENS(open64)

#define OPENS_AT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    mode_t mode = MODE(flags); \
    char buffer[PATH_MAX]; \
    const char *whole = whole_path(folder, path, buffer); \
    int here = is_watched(whole); \
    if (here && changes(flags) && refused()) return -1; \
    int fd = REAL(name)(folder, path, flags, mode); \
    if (here) learn_opened(whole, fd); \
    return fd; \
  }
OPENS_AT(openat) OPENS_AT(openat64)

/* Marked after it was written: a sync that begins later has it. */
static ssize_t written(struct known *one, off_t at, ssize_t octets) {
  if (octets <= 0) return octets;
  pthread_mutex_lock(&lock);
  mark(one, at, at + octets);
  pthread_mutex_unlock(&lock);
  return octets;
}

/* `at` is evaluated after the call: where a call has no offset of its own, its octets end where the file stands now. */
#define WRITES(type, name, parameters, arguments, at) \
  type name parameters { \
    struct stat st; \
    struct known *one = behind(fd, &st); \
    if (!one) return REAL(name) arguments; \
    if (refused()) return -1; \
    ssize_t octets = REAL(name) arguments; \
    return written(one, at, octets); \
  }
#define STANDS (lseek(fd, 0, SEEK_CUR) - octets)
WRITES(ssize_t, write, (int fd, const void *from, size_t count), (fd, from, count), STANDS)
WRITES(ssize_t, writev, (int fd, const struct iovec *from, int count), (fd, from, count), STANDS)
WRITES(ssize_t, pwrite, (int fd, const void *from, size_t count, off_t at), (fd, from, count, at), at)
WRITES(ssize_t, pwrite64, (int fd, const void *from, size_t count, off64_t at), (fd, from, count, at), at)
WRITES(ssize_t, pwritev, (int fd, const struct iovec *from, int count, off_t at), (fd, from, count, at), at)
WRITES(ssize_t, pwritev64, (int fd, const struct iovec *from, int count, off64_t at), (fd, from, count, at), at)
WRITES(ssize_t, pwritev2, (int fd, const struct iovec *from, int count, off_t at, int flags),
       (fd, from, count, at, flags), at < 0 ? STANDS : at)
WRITES(ssize_t, pwritev64v2, (int fd, const struct iovec *from, int count, off64_t at, int flags),
       (fd, from, count, at, flags), at < 0 ? STANDS : at)
WRITES(ssize_t, sendfile, (int fd, int from, off_t *at, size_t count), (fd, from, at, count), STANDS)
WRITES(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t count), (fd, from, at, count), STANDS)

/* What was cut off, or came as zeros, differs from what is durable. */
#define RESIZES(name, type) \
  int name(int fd, type size) { \
    struct stat st; \
    struct known *one = behind(fd, &st); \
    if (!one) return REAL(name)(fd, size); \
    if (refused()) return -1; \
    int result = REAL(name)(fd, size); \
    off_t from = size < st.st_size ? size : st.st_size, to = size < st.st_size ? st.st_size : size; \
    if (result == 0) written(one, from, to - from); \
    return result; \
  }
RESIZES(ftruncate, off_t) RESIZES(ftruncate64, off64_t)

#define SYNCS(name) \
  int name(int fd) { \
    struct stat st; \
    struct known *one = behind(fd, &st); \
    if (!one) return REAL(name)(fd); \
    int result = refused() ? -1 : REAL(name)(fd); \
    int reason = errno; \
    pthread_mutex_lock(&lock); \
    if (result == 0) keep(one, &st); \
    else if (one->dirty) memset(one->dirty, 0, one->pages); \
    pthread_mutex_unlock(&lock); \
    errno = reason; \
    return result; \
  }
SYNCS(fsync) SYNCS(fdatasync)

int rename(const char *from, const char *to) {
  if ((is_watched(from) || is_watched(to)) && refused()) return -1;
  return REAL(rename)(from, to);
}

/* A full disk lets go of what is on it. */
#define REMOVES(name) \
  int name(const char *path) { \
    struct stat st; \
    if (is_watched(path) && lstat(path, &st) == 0 && faults && faults->error != ENOSPC && refused()) return -1; \
    return REAL(name)(path); \
  }
REMOVES(unlink) REMOVES(rmdir)

int mkdir(const char *path, mode_t mode) {
  int here = is_watched(path);
  struct stat st;
  /* One that is there is refused by the file system before any disk is asked. */
  if (here && stat(path, &st) < 0 && refused()) return -1;
  int result = REAL(mkdir)(path, mode);
  if (here && result == 0 && stat(path, &st) == 0) {
    pthread_mutex_lock(&lock);
    learn(path, &st);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

/* libuv copies files by a call that has no function of its own there, and asks the kernel for a queue that nobody sees into. */
long syscall(long number, ...) {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
  struct stat st;
  struct known *one = number == SYS_copy_file_range ? behind((int)a[2], &st) : NULL;
  if (watched && number == SYS_io_uring_setup) return errno = ENOSYS, -1;
  if (one && refused()) return -1;
  long result = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (one && result > 0) written(one, 0, fstat((int)a[2], &st) == 0 ? st.st_size : 0);
  return result;
}
