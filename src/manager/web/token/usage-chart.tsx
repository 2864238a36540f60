/** A chart of the uses and refusals per day, with a table for screen readers. */

import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { VisuallyHidden } from '@mantine/core';
import type { GetUsageResponse_Day } from '../../../gen/usher/v1/access_token_pb.ts';

const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const series = [
  { name: 'Valid', color: 'var(--usher-bar)' },
  { name: 'Refused', color: 'var(--usher-danger)' },
];

/** The chart; days are in UTC. */
export default function UsageChart({ days }: { days: GetUsageResponse_Day[] }) {
  const data = days.map(({ date, count, refused }) => ({
    day: day.format(new Date(`${date}T00:00:00Z`)),
    Valid: Number(count),
    Refused: Number(refused),
  }));
  const isRefused = days.some(({ refused }) => refused > 0n);
  return (
    <>
      <div aria-hidden="true">
        <BarChart
          h={200}
          data={data}
          dataKey="day"
          type="stacked"
          series={isRefused ? series : series.slice(0, 1)}
          withLegend={isRefused}
          legendProps={{ verticalAlign: 'bottom' }}
          barProps={{ radius: [3, 3, 0, 0], isAnimationActive: false }}
          barChartProps={{ accessibilityLayer: false }}
          gridAxis="x"
          tickLine="none"
          xAxisProps={{ minTickGap: 28 }}
          yAxisProps={{ width: 44, allowDecimals: false }}
          valueFormatter={value => value.toLocaleString('en')}
        />
      </div>
      <VisuallyHidden>
        <table>
          <caption>Verdicts per day</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Valid</th>
              <th scope="col">Refused</th>
            </tr>
          </thead>
          <tbody>
            {data.map(row => (
              <tr key={row.day}>
                <th scope="row">{row.day}</th>
                <td>{row.Valid}</td>
                <td>{row.Refused}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </>
  );
}
