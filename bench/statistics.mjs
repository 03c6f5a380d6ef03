export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median with an interval that holds the true one with at least 95 %, whatever the distribution: between two order
 * statistics, chosen by the binomial distribution. Below six values it is their whole range.
 */
export function medianInterval(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let cut = 0;
  let tail = 0.5 ** n;
  for (let k = 1, choose = 1; 2 * tail <= 0.05 && k < n / 2; k++) {
    cut = k;
    choose *= (n - k + 1) / k;
    tail += choose * 0.5 ** n;
  }
  const low = Math.max(0, cut - 1);
  return { median: median(sorted), low: sorted[low], high: sorted[n - 1 - low] };
}

/** How a ratio stands to its bar: ✓ with its whole interval, (✓) with its median alone, ✗ below. */
export function standing({ median, low }, bar) {
  if (low >= bar) return '✓';
  return median >= bar ? '(✓)' : '✗';
}
