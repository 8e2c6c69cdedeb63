/** A message is delivered at the lower of the QoS it came with and the one granted [MQTT-3.8.4-6]. */
export function lowerQos(a: 0 | 1 | 2, b: 0 | 1 | 2): 0 | 1 | 2 {
  return Math.min(a, b) as 0 | 1 | 2;
}
