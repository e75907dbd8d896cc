/* sha256_lanes.h - the end of three SHA-256 hashes side by side.
 *
 * Is:      arithmetic. Each round of a hash waits for the one before, so that a processor which has
 *          instructions for SHA-256 is idle most of the time: hashes that do not depend on each other fill
 *          it.
 * Is not:  padding, or messages of many blocks: whoever calls has one block left of each (crypto_mac.c).
 * Beware:  for processors that can: ask sha256_lanes_can() first. OpenSSL is there for the others, arm64
 *          among them.
 * Source:  FIPS 180-4 section 6.2.2; Intel Software Developer's Manual, SHA256RNDS2, SHA256MSG1,
 *          SHA256MSG2.
 */
#ifndef NARAE_SHA256_LANES_H
#define NARAE_SHA256_LANES_H

#include <stdbool.h>
#include <stdint.h>

enum { SHA256_LANES = 3, SHA256_STATE_WORDS = 8, SHA256_BLOCK_BYTES = 64, SHA256_HASH_BYTES = 32 };

/* Has the processor the instructions? Asked once for the process. */
bool sha256_lanes_can(void);

/* Hash one block more, the last one, in each lane.
 *
 * state   in   what came before, the same in all lanes
 * blocks  in   padded
 * hashes  out  of each lane; may not overlap the blocks */
void sha256_lanes(const uint32_t state[SHA256_STATE_WORDS],
                  const uint8_t blocks[SHA256_LANES][SHA256_BLOCK_BYTES],
                  uint8_t hashes[SHA256_LANES][SHA256_HASH_BYTES]);

#endif
