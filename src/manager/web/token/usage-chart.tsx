/** A chart of the uses per day, with a table for screen readers. */

import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { VisuallyHidden } from '@mantine/core';
import type { GetUsageResponse_Day } from '../../../gen/usher/v1/access_token_pb.ts';

const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** The chart; days are in UTC. */
export default function UsageChart({ days }: { days: GetUsageResponse_Day[] }) {
  const data = days.map(({ date, count }) => ({
    day: day.format(new Date(`${date}T00:00:00Z`)),
    Uses: Number(count),
  }));
  return (
    <>
      <div aria-hidden="true">
        <BarChart
          h={200}
          data={data}
          dataKey="day"
          series={[{ name: 'Uses', color: 'var(--usher-bar)' }]}
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
          <caption>Uses per day</caption>
          <tbody>
            {data.map(row => (
              <tr key={row.day}>
                <th scope="row">{row.day}</th>
                <td>{row.Uses}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </>
  );
}
