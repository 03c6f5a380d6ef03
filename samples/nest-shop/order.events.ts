import { IsEmail, IsPositive, IsUUID, Length } from 'class-validator';
import { Event } from 'holdfast';

@Event('order.placed')
export class OrderPlaced {
  @IsUUID() orderId!: string;
  @IsEmail() email!: string;
  @IsPositive() total!: number;
}

/** Told by the warehouse. It is kept for a week for an order that does not wait for it yet. */
@Event('order.shipped', { correlate: 'orderId', keep: '7d' })
export class OrderShipped {
  @IsUUID() orderId!: string;
  @Length(3, 40) tracking!: string;
}
