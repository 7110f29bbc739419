export function StatisticsView() {
  return <h1>Statistics</h1>;
}
